# shellcheck shell=bash
# run and exec against crun, Podman, bwrap and unshare.
true_in='run --rm --network none bb true'
race run \
    'coracle run, no session' "coracle $true_in" \
    'crun run' "crun run --bundle $work/bundle-true bench-true" \
    'podman run' "podman --log-level=error $true_in" \
    'bwrap' "bwrap --unshare-all --bind $work/root / --proc /proc --dev /dev /bin/true" \
    'unshare with both helpers' 'unshare --user --map-root-user --map-auto --mount --pid --fork --net --ipc --uts --cgroup true'
resting=$(coracle run -d --network none bb sleep 100000)
race session 'coracle run, in a session' "coracle $true_in" 'crun run' "crun run --bundle $work/bundle-true bench-true"
jq --slurpfile session session.json '. + {"coracle run, in a session": $session[0]["coracle run, in a session"]}' run.json >both.json
echo
echo "## run --rm --network none true"
table both 'crun run' 'coracle run, no session' 'coracle run, in a session' 'crun run' 'podman run' 'bwrap' 'unshare with both helpers'

echo
echo "## exec true"
crun run --bundle "$work/bundle-rest" --detach bench-rest </dev/null >/dev/null 2>&1
podman_resting=$(podman --log-level=error run -d --network none bb sleep 100000)
race exec 'coracle exec' "coracle exec $resting true" 'crun exec' 'crun exec bench-rest /bin/true' 'podman exec' "podman exec $podman_resting true"
table exec 'crun exec' 'coracle exec' 'crun exec' 'podman exec'
crun delete --force bench-rest

# shellcheck disable=SC2154
coracle rm -f "$resting" >/dev/null
podman --log-level=error rm -f -t 0 "$podman_resting" >/dev/null
