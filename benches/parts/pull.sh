# shellcheck shell=bash
# Pulls against Podman, where a registry was named.
if [[ -n ${PULL_FROM-} ]]; then
    echo
    echo "## pull from $PULL_FROM"
    printf '\n| image | coracle s | podman s | of podman |\n|---|---:|---:|---:|\n'
    for image in debian many-files; do
        for tool in coracle podman; do
            best=
            for ((i = 0; i < 3; i++)); do
                begin=$EPOCHREALTIME
                "$tool" pull --tls-verify=false "$PULL_FROM/$image" >/dev/null 2>pull.errors || { cat pull.errors >&2; exit 1; }
                took=$(((${EPOCHREALTIME/./} - ${begin/./}) / 1000))
                [[ -n $best && $best -le $took ]] || best=$took
                "$tool" rmi "$PULL_FROM/$image" >/dev/null 2>&1
            done
            times[$tool]=$best
        done
        awk -v image="$image" -v ours="${times[coracle]}" -v theirs="${times[podman]}" \
            'BEGIN {printf "| %s | %.2f | %.2f | %.2f |\n", image, ours / 1000, theirs / 1000, ours / theirs}'
    done
fi

