# shellcheck shell=bash
# Containers at rest, and ps.
echo
echo "## A container at rest, and ps with 100 of them"
for tool in coracle podman; do
    for ((i = 1; i < 20; i++)); do "$tool" run -d --network none bb sleep 100000 >/dev/null 2>&1; done
    # shellcheck disable=SC2046 # one word per id and pid
    eval "pss_$tool=\$(pss \$($tool inspect --format '{{.State.Pid}}' \$($tool ps -q)))"
    for ((i = 20; i < 100; i++)); do "$tool" create bb true >/dev/null 2>&1; done
    eval "cpu_$tool=\$(cpu $tool ps -a)"
    # shellcheck disable=SC2046
    "$tool" rm -f -t 0 $("$tool" ps -aq) >/dev/null 2>&1
done
# shellcheck disable=SC2154 # set by eval
printf '\n| | coracle | podman |\n|---|---:|---:|\n| monitor, kB of PSS, average of 20 | %s | %s |\n| ps -a, 100 containers, ms of CPU time | %s | %s |\n' \
    "$pss_coracle" "$pss_podman" "$cpu_coracle" "$cpu_podman"

# Everything that belongs to a container and is not its own program: its monitor, and its share of what serves all.
belongings() { # the sum in kB over the processes that serve this user's containers: Pss, or Rss where that may not be read (pasta)
    local pid all=0 size
    for pid in $(pgrep -u "$(id -u)" "^(coracle-monitor|pasta|passt|slirp4netns|netd)"); do
        size=$(sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup" 2>/dev/null) || true
        [[ -n $size ]] || size=$(sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$pid/status" 2>/dev/null) || true
        all=$((all + ${size:-0}))
    done
    echo "$all"
}
printf '\n| 200 containers at rest | kB each, --network none | kB each, default network |\n|---|---:|---:|\n'
printf '| coracle |'
for network in none private; do
    for ((i = 0; i < 200; i++)); do coracle run -d --network "$network" bb sleep 100000 >/dev/null; done
    printf ' %s |' "$(($(belongings) / 200))"
    coracle rm -fa >/dev/null
done
echo
