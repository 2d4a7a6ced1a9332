# shellcheck shell=bash
# What is done with a container that runs: health check, cp, logs; and many at once.

echo
echo "## In a running container"
head -c 100000000 /dev/urandom >big
life=$(coracle run -d --network none --health-cmd true --health-interval 1h bb sleep 100000)
podman_life=$(podman --log-level=error run -d --network none --health-cmd true --health-interval disable bb sleep 100000)
race life \
    'coracle healthcheck run' "coracle healthcheck run $life" 'podman healthcheck run' "podman healthcheck run $podman_life"
table life 'podman healthcheck run' 'coracle healthcheck run' 'podman healthcheck run'
race copy \
    'coracle cp in' "coracle cp big $life:/tmp/big" 'podman cp in' "podman cp big $podman_life:/tmp/big" \
    'coracle cp out' "coracle cp $life:/tmp/big out" 'podman cp out' "podman cp $podman_life:/tmp/big out" \
    'cp on the host' 'cp big out'
echo
echo "100 MB:"
table copy 'podman cp in' 'coracle cp in' 'podman cp in' 'coracle cp out' 'podman cp out' 'cp on the host'
rm -f big out

# A million lines: written, then read.
seq -f 'line %.0f of a million' 1000000 >root/lines
tar -C root --owner=0 --group=0 -cf lines.tar .
coracle import lines.tar lines >/dev/null 2>&1
podman --log-level=error import -q lines.tar lines >/dev/null
million='cat /lines'
for tool in coracle podman; do
    "$tool" run --log-driver k8s-file --network none --name said lines $million >/dev/null 2>&1
done
race logs 'coracle logs' 'coracle logs said' 'podman logs' 'podman logs said'
race say \
    'coracle run, a million lines' "coracle run --rm --network none lines $million" \
    'podman run, a million lines' "podman --log-level=error run --rm --log-driver k8s-file --network none lines $million"
echo
echo "A million lines:"
table logs 'podman logs' 'coracle logs' 'podman logs'
table say 'podman run, a million lines' 'coracle run, a million lines' 'podman run, a million lines'

echo
echo "## Sixteen run --rm, one after the other and at once"
cat >sixteen <<'END'
#!/bin/bash
# sixteen TOOL one|all
for ((i = 0; i < 16; i++)); do
    if [[ $2 = all ]]; then "$1" run --rm --network none bb true & else "$1" run --rm --network none bb true; fi
done >/dev/null 2>&1
wait
END
chmod +x sixteen
runs_before=$runs
runs=5
race sixteen 'coracle, one after the other' './sixteen coracle one' 'coracle, at once' './sixteen coracle all' \
    'podman, one after the other' './sixteen podman one' 'podman, at once' './sixteen podman all'
runs=$runs_before
table sixteen 'coracle, at once' 'coracle, one after the other' 'coracle, at once' 'podman, one after the other' 'podman, at once'
coracle rm -fa >/dev/null
podman --log-level=error rm -fa -t 0 >/dev/null
