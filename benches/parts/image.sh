# shellcheck shell=bash
# What is done with images: pull against the pipe that unpacks the same bytes, load, save, push, rmi; memory; many images; shared layers.
# Needs a registry with images (PULL_FROM) that takes pushes, curl and jq; IMAGES names the images, IMAGE_ROUNDS the rounds (3).
# The tools take turns in each round, and the best of each counts.
if [[ -n ${PULL_FROM-} ]]; then
    images=${IMAGES:-debian python many-files many-layers big-files}
    accept='Accept: application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json'
    declare -A best=() peak=()
    # Runs a command; keeps the best time under a key, and the highest peak of memory (of the biggest process).
    measure() { # KEY COMMAND…
        local key=$1 begin took kilobytes
        shift
        begin=$EPOCHREALTIME
        /usr/bin/time -f %M -o peak.kb "$@" >/dev/null 2>image.errors || { cat image.errors >&2; exit 1; }
        took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
        kilobytes=$(tail -1 peak.kb)
        [[ -n ${best[$key]-} && ${best[$key]} -le $took ]] || best[$key]=$took
        [[ -n ${peak[$key]-} && ${peak[$key]} -ge $kilobytes ]] || peak[$key]=$kilobytes
    }
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
        name=$PULL_FROM/$image copy=$PULL_FROM/bench-$image
        for ((round = 0; round < ${IMAGE_ROUNDS:-3}; round++)); do
            for tool in coracle podman; do
                measure "pull $image $tool" "$tool" pull -q --tls-verify=false "$name"
                measure "save $image $tool" "$tool" save -q -o "saved-$tool.tar" "$name"
                "$tool" tag "$name" "$copy" 2>/dev/null
                measure "push $image $tool" "$tool" push -q --tls-verify=false "$copy"
                "$tool" untag "$name" "$copy" >/dev/null 2>&1
                measure "rmi $image $tool" "$tool" rmi "$name"
                measure "load $image $tool" "$tool" load -q -i "saved-$tool.tar"
                "$tool" rmi "$name" >/dev/null 2>&1
                rm -f "saved-$tool.tar"
            done
            measure "pull $image pipe" bash -c 'unpack "$1"' bash "$image"
            chmod -R u+rwX pipe
            rm -rf pipe
        done
    done
    ratio() { awk -v a="$1" -v b="$2" 'BEGIN {printf "%.2f", a / (b ? b : 1)}'; }
    printf '\n## images from %s\n\n| image | pull ms | podman ms | of podman | pipe ms | of the pipe | peak MB | podman MB |\n|---|---:|---:|---:|---:|---:|---:|---:|\n' "$PULL_FROM"
    for image in $images; do
        ours=${best[pull $image coracle]} theirs=${best[pull $image podman]} pipe=${best[pull $image pipe]}
        printf '| %s | %s | %s | %s | %s | %s | %s | %s |\n' "$image" "$ours" "$theirs" "$(ratio "$ours" "$theirs")" \
            "$pipe" "$(ratio "$ours" "$pipe")" $((${peak[pull $image coracle]} / 1024)) $((${peak[pull $image podman]} / 1024))
    done
    printf '\n| image | what | coracle ms | podman ms | of podman | peak MB | podman MB |\n|---|---|---:|---:|---:|---:|---:|\n'
    for image in $images; do
        for what in load save push rmi; do
            ours=${best[$what $image coracle]} theirs=${best[$what $image podman]}
            printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$image" "$what" "$ours" "$theirs" "$(ratio "$ours" "$theirs")" \
                $((${peak[$what $image coracle]} / 1024)) $((${peak[$what $image podman]} / 1024))
        done
    done
fi

# Two hundred images, and ten that share a base, made of one base and a file each.
printf '\n## many images\n\n'
for tool in coracle podman; do
    kilobytes() { if [[ $tool = coracle ]]; then coracle unshare du -sk "$XDG_DATA_HOME/coracle/layers" | cut -f1; else podman unshare du -sk "$XDG_DATA_HOME/containers/storage" | cut -f1; fi; }
    "$tool" create --name bench-base bb true >/dev/null
    before=$(kilobytes)
    for ((i = 0; i < ${MANY_IMAGES:-200}; i++)); do
        ((i == 10)) && shared=$(($(kilobytes) - before))
        "$tool" commit -q --change "LABEL number=$i" bench-base "many-$i" >/dev/null 2>&1
    done
    times[$tool-images]=$(cpu "$tool" images)
    times[$tool-shared]=$shared
    "$tool" rm bench-base >/dev/null
done
printf '| what | coracle | podman |\n|---|---:|---:|\n'
printf '| `images` of %s, ms of CPU | %s | %s |\n' "${MANY_IMAGES:-200}" "${times[coracle-images]}" "${times[podman-images]}"
printf '| ten images on one base, kB beside the base | %s | %s |\n' "${times[coracle-shared]}" "${times[podman-shared]}"
