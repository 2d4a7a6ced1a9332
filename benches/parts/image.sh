# shellcheck shell=bash
# What is done with images: pull against the pipe that unpacks the same bytes, load, save, push, rmi; memory; many images; shared layers.
# Needs a registry with images (PULL_FROM), curl and jq; IMAGES names the images, IMAGE_ROUNDS the rounds (3). PUSH_TO is a registry
# that may be filled with copies of them; without one no push is measured.
# The tools take turns in each round and medians count. CPU time is user and system time of the tool and all it started: the
# steadier of the two where others use the machine.

# Runs a command; adds its wall time, CPU time (both in ms) and peak memory (kB, of the biggest process) to the samples of a key.
measure() { # KEY COMMAND…
    local key=$1 TIMEFORMAT='%3R %3U %3S' took
    shift
    took=$({ time /usr/bin/time -f %M -o peak.kb "$@" >/dev/null 2>image.errors; } 2>&1) || { cat image.errors >&2; exit 1; }
    awk -v key="$key" -v kb="$(tail -1 peak.kb)" '{printf "%s\t%d\t%d\t%d\n", key, $1 * 1000, ($2 + $3) * 1000, kb}' <<<"$took" >>samples.tsv
}
sample() { # KEY COLUMN: the median of what was measured; 2 is wall time, 3 CPU time, 4 memory, of which the highest counts
    awk -F '\t' -v key="$1" -v column="$2" '$1 == key {print $column}' samples.tsv | sort -n \
        | awk -v column="$2" '{all[NR] = $1} END {print NR == 0 ? "-" : column == 4 ? int(all[NR] / 1024) : all[int((NR + 1) / 2)]}'
}
ratio() { awk -v a="$1" -v b="$2" 'BEGIN {if (b + 0) printf "%.2f", a / b; else printf "-"}'; }

if [[ -n ${PULL_FROM-} ]]; then
    images=${IMAGES:-debian python many-files many-layers big-files}
    accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'
    unpack() { # IMAGE: the same layers one after the other, with no check of any digest, and nothing synced
        local blob at=0
        for blob in $(curl -fs -H "$accept" "http://$PULL_FROM/v2/$1/manifests/latest" | jq -r '.layers[].digest'); do
            at=$((at + 1))
            mkdir -p "pipe/$at"
            # What only root can make is left out.
            curl -fs "http://$PULL_FROM/v2/$1/blobs/$blob" | gzip -d | tar -x --no-same-owner -C "pipe/$at" 2>/dev/null || true
        done
    }
    export -f unpack
    export accept PULL_FROM
    for image in $images; do
        name=$PULL_FROM/$image
        for ((round = 0; round < ${IMAGE_ROUNDS:-3}; round++)); do
            for tool in coracle podman; do
                measure "pull $image $tool" "$tool" pull -q --tls-verify=false "$name"
                measure "save $image $tool" "$tool" save -q -o "saved-$tool.tar" "$name"
                measure "rmi $image $tool" "$tool" rmi "$name"
                measure "load $image $tool" "$tool" load -q -i "saved-$tool.tar"
                if [[ -n ${PUSH_TO-} ]]; then
                    # Nothing is known of any blob now, so that all is compressed and sent; then to another name, all is there.
                    rm -f "$XDG_DATA_HOME"/containers/cache/blob-info-cache-v1.boltdb
                    copy=$PUSH_TO/bench-$tool-$$-$round/$image
                    measure "push $image $tool" "$tool" push -q --tls-verify=false "$name" "$copy"
                    measure "push-again $image $tool" "$tool" push -q --tls-verify=false "$name" "$copy-again"
                fi
                "$tool" rmi "$name" >/dev/null 2>&1
                rm -f "saved-$tool.tar"
            done
            if command -v skopeo >/dev/null; then
                measure "pull $image skopeo" skopeo copy -q --src-tls-verify=false "docker://$name" "containers-storage:$name"
                podman rmi "$name" >/dev/null 2>&1
            fi
            measure "pull $image pipe" bash -c 'unpack "$1"' bash "$image"
            chmod -R u+rwX pipe
            rm -rf pipe
        done
    done
    printf '\n## images from %s\n\n' "$PULL_FROM"
    for column in 2 3; do
        printf '| pull, %s | coracle | podman | skopeo | pipe | of podman | of skopeo | of the pipe |\n|---|---:|---:|---:|---:|---:|---:|---:|\n' \
            "$([[ $column = 2 ]] && echo wall ms || echo CPU ms)"
        for image in $images; do
            ours=$(sample "pull $image coracle" $column) podman=$(sample "pull $image podman" $column)
            skopeo=$(sample "pull $image skopeo" $column) pipe=$(sample "pull $image pipe" $column)
            printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$image" "$ours" "$podman" "$skopeo" "$pipe" \
                "$(ratio "$ours" "$podman")" "$(ratio "$ours" "$skopeo")" "$(ratio "$ours" "$pipe")"
        done
        echo
    done
    printf '| image | what | wall ms | podman | of podman | CPU ms | podman | of podman | peak MB | podman |\n|---|---|---:|---:|---:|---:|---:|---:|---:|---:|\n'
    for image in $images; do
        for what in pull load save push push-again rmi; do
            printf '| %s | %s |' "$image" "$what"
            for column in 2 3; do
                ours=$(sample "$what $image coracle" $column) podman=$(sample "$what $image podman" $column)
                printf ' %s | %s | %s |' "$ours" "$podman" "$(ratio "$ours" "$podman")"
            done
            printf ' %s | %s |\n' "$(sample "$what $image coracle" 4)" "$(sample "$what $image podman" 4)"
        done
    done
fi

# Two hundred images of one base; the first ten bring a file each.
printf '\n## many images\n\n'
for tool in coracle podman; do
    store=$XDG_DATA_HOME/$([[ $tool = coracle ]] && echo coracle || echo containers)
    "$tool" create --name bench-base bb true >/dev/null
    before=$("$tool" unshare du -sk "$store" | cut -f1)
    for ((i = 0; i < ${MANY_IMAGES:-200}; i++)); do
        ((i == 10)) && times[$tool-shared]=$(($("$tool" unshare du -sk "$store" | cut -f1) - before))
        if ((i < 10)); then
            echo "$i" >"file-$i"
            "$tool" cp "file-$i" bench-base:/ >/dev/null
        fi
        "$tool" commit -q --change "LABEL number=$i" bench-base "many-$i" >/dev/null 2>&1
    done
    times[$tool-images]=$(cpu "$tool" images)
    times[$tool-base]=$before
    "$tool" rm bench-base >/dev/null
done
printf '| what | coracle | podman |\n|---|---:|---:|\n'
printf '| `images` of %s, ms of CPU | %s | %s |\n' "${MANY_IMAGES:-200}" "${times[coracle-images]}" "${times[podman-images]}"
printf '| the store with one base, kB | %s | %s |\n' "${times[coracle-base]}" "${times[podman-base]}"
printf '| ten images on that base, kB beside it | %s | %s |\n' "${times[coracle-shared]}" "${times[podman-shared]}"
