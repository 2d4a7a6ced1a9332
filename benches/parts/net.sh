# shellcheck shell=bash
# Networks: starts, throughput, published ports, names, and many containers. Needs also iperf3, socat, dnsperf, perl and passt or
# slirp4netns. SECONDS_EACH: how long each throughput is measured (2); MANY: how many containers (200).
for tool in iperf3 socat dnsperf perl; do
    command -v "$tool" >/dev/null || { echo "benches/run: $tool is not installed" >&2; exit 1; }
done
each=${SECONDS_EACH:-2} many=${MANY:-200}
programs=(-v /usr:/usr:ro -v /usr/lib:/lib:ro -v /usr/lib64:/lib64:ro)
podman_quiet=(podman --log-level=error)

declare -A seen=()
take() { # NAME COMMAND…: keeps the number that it prints
    local name=$1 value
    shift
    value=$("$@") || value=
    seen[$name]+=" ${value:-0}"
}
median() { tr ' ' '\n' <<<"$1" | grep . | sort -g | awk '{all[NR] = $1} END {print all[int((NR + 1) / 2)]}'; }
ratios() { # UNIT BASE NAME…
    local unit=$1 base=$2 name
    shift 2
    printf '\n| what | median %s | of %s |\n|---|---:|---:|\n' "$unit" "$base"
    for name; do
        awk -v name="$name" -v value="$(median "${seen[$name]}")" -v base="$(median "${seen[$base]}")" \
            'BEGIN {printf "| %s | %.6g | %s |\n", name, value, (base > 0 ? sprintf("%.2f", value / base) : "-")}'
    done
}
gbit() { jq -r '(.end.sum_received.bits_per_second // 0) / 1e9'; } # iperf3's JSON
wait_for() { # a COMMAND that comes to succeed within ten seconds
    local end=$((SECONDS + 10))
    until "$@" >/dev/null 2>&1; do ((SECONDS < end)) || return 1; done
}
listens() { [[ -n $(ss -Hlnt "sport = :$1") ]]; }
address() { coracle inspect -f '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$1"; }

echo
echo "## run --rm true, by network"
resting=$(coracle run -d bb sleep 100000)
podman_resting=$("${podman_quiet[@]}" run -d --network bridge bb sleep 100000) || podman_resting=
race start 'coracle, none' 'coracle run --rm --network none bb true' 'coracle, default network' 'coracle run --rm bb true' \
    'podman, default network' 'podman --log-level=error run --rm bb true'
table start 'coracle, none' 'coracle, none' 'coracle, default network' 'podman, default network'
race bridge 'coracle, bridge' 'coracle run --rm --network bridge bb true' 'podman, bridge' 'podman --log-level=error run --rm --network bridge bb true' \
    && table bridge 'coracle, bridge' 'coracle, bridge' 'podman, bridge' || echo "podman starts nothing on a bridge here"
[[ -z $podman_resting ]] || "${podman_quiet[@]}" rm -f -t 0 "$podman_resting" >/dev/null

echo
echo "## Throughput"
server=$(coracle run -d "${programs[@]}" bb /usr/bin/iperf3 -s)
client=$(coracle run -d "${programs[@]}" bb sleep 100000)
iperf3 -s -p 5301 >/dev/null 2>&1 &
host_server=$!
wait_for listens 5301
between() { coracle exec "$client" /usr/bin/iperf3 -J -t "$each" -c "$(address "$server")" | gbit; }
# The same large packets as on our bridges. iperf3 says by its text only, not by its code, that nobody listens yet.
plain() {
    unshare --user --map-root-user --net bash -c '
        unshare --net bash -c "ip link set lo up; until ip link show dev inner >/dev/null 2>&1; do :; done; ip addr add 10.0.0.2/24 dev inner
            ip link set dev inner mtu 65520 up; exec iperf3 -s" >/dev/null 2>&1 & other=$!
        until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/self/ns/net)" ]; do :; done
        ip link add name outer mtu 65520 type veth peer name inner netns $other && ip addr add 10.0.0.1/24 dev outer && ip link set dev outer up
        for ((i = 0; i < 100; i++)); do
            iperf3 -J -t "$0" -c 10.0.0.2 >plain.json
            jq -e .end.sum_received plain.json >/dev/null && break
        done
        kill $other; wait $other; cat plain.json' "$each" 2>/dev/null | gbit
}
# Where the kernel puts the client, the stack and the server decides more than anything else: on two processors the same arrangement
# gives three times as much in one second as in the next. So they are measured twice: as it comes, and with the sender alone on one
# processor and the stack and the receiver on another, which is the fastest for all of them.
end=() stack=()
processors=$(nproc)
session_stack=$(pgrep -P "$(pgrep -u "$(id -u)" -f "coracle internal netd --data $XDG_DATA_HOME")" 'pasta|passt|slirp4netns') || session_stack=
place() { # the processors of what runs all the time: of the server and of the session's stack
    taskset -acp "$1" "$host_server"
    [[ -z $session_stack ]] || taskset -acp "$2" "$session_stack"
} >/dev/null
to_host() { "${end[@]}" coracle exec "$client" /usr/bin/iperf3 -J -t "$each" -p 5301 "$@" -c host.containers.internal | gbit; }
gateway=$(ip -4 route show default | awk '{print $3; exit}')
by_pasta() {
    "${stack[@]}" pasta --config-net -q -- "${end[@]}" iperf3 -J -t "$each" -p 5301 "$@" -c "$gateway" 2>/dev/null | gbit
}
by_slirp() { # confined as podman starts it, and as we do
    # shellcheck disable=SC2016 # of the inner shell
    "${end[@]}" unshare --user --map-root-user --net bash -c 'until ip -4 addr show tap0 2>/dev/null | grep -q inet; do :; done; exec iperf3 "$@"' \
        iperf3 -J -t "$each" -p 5301 "$@" -c 10.0.2.2 >slirp.json 2>/dev/null &
    local inner=$! bare
    until [[ $(readlink "/proc/$inner/ns/net") != "$(readlink /proc/self/ns/net)" ]]; do :; done
    "${stack[@]}" slirp4netns --configure --mtu=65520 --enable-sandbox --enable-seccomp "$inner" tap0 >/dev/null 2>&1 &
    bare=$!
    wait "$inner" || true
    kill "$bare" 2>/dev/null || true
    gbit <slirp.json
}
for ((round = 0; round < rounds; round++)); do
    take 'between containers' between
    take 'plain veth' plain
    for placed in '' ', sender alone'; do
        [[ -z $placed ]] || ((processors > 1)) || continue
        for way in to from; do
            reverse=() end=() stack=() all=0-$((processors - 1))
            [[ $way = to ]] || reverse=(-R)
            case $way$placed in
                to | from) place "$all" "$all" ;;
                to*) place 1 1 && end=(taskset -c 0) stack=(taskset -c 1) ;;
                from*) place 0 1 && end=(taskset -c 1) stack=(taskset -c 1) ;;
            esac
            take "container $way host$placed" to_host "${reverse[@]}"
            take "bare pasta $way host$placed" by_pasta "${reverse[@]}"
            take "bare slirp4netns $way host$placed" by_slirp "${reverse[@]}"
        done
    done
done
kill "$host_server"
ratios Gbit/s 'plain veth' 'between containers' 'plain veth'
for placed in '' ', sender alone'; do
    for way in to from; do
        what="$way host$placed"
        [[ -z ${seen["container $what"]-} ]] || ratios Gbit/s "bare slirp4netns $what" "container $what" "bare pasta $what" "bare slirp4netns $what"
    done
done
echo
echo "The session's way out is $(cat "/proc/$session_stack/comm" 2>/dev/null || echo nothing)."
coracle rm -f -t 0 "$server" "$client" >/dev/null

echo
echo "## A published port"
# Answers one line to each connection on 7000 and ends it; iperf3 on 5201.
# shellcheck disable=SC2016 # perl's
answer='$l=IO::Socket::INET->new(LocalPort=>shift,Listen=>512,ReuseAddr=>1) or die; fork for 1..1; while($c=$l->accept){sysread $c,$d,100; syswrite $c,"ok\n"; close $c}'
serving=(sh -c "/usr/bin/iperf3 -s >/dev/null & exec /usr/bin/perl -MIO::Socket::INET -e '$answer' 7000")
coracle run -d --name ports "${programs[@]}" -p 127.0.0.1:5311:5201 -p 127.0.0.1:7311:7000 bb "${serving[@]}" >/dev/null
"${podman_quiet[@]}" run -d --name ports -p 127.0.0.1:5312:5201 -p 127.0.0.1:7312:7000 --network slirp4netns:port_handler=rootlesskit "${programs[@]}" bb "${serving[@]}" >/dev/null
iperf3 -s -p 5303 >/dev/null 2>&1 &
helpers=$!
perl -MIO::Socket::INET -e "$answer" 7303 &
helpers+=" $!"
socat TCP-LISTEN:5313,bind=127.0.0.1,fork,reuseaddr TCP:127.0.0.1:5303 &
helpers+=" $!"
socat TCP-LISTEN:7313,bind=127.0.0.1,fork,reuseaddr,backlog=512 TCP:127.0.0.1:7303 &
helpers+=" $!"
for port in 5311 5312 5303 7303 5313 7313; do wait_for listens "$port"; done
through() { iperf3 -J -t "$each" -p "$1" -c 127.0.0.1 | gbit; }
# shellcheck disable=SC2016 # perl's
load='use IO::Socket::INET; use Time::HiRes "time"; ($p,$t)=@ARGV; pipe $r,$w; for (1..4) { next if fork; $n=0; $e=time+$t;
    while (time<$e) { $c=IO::Socket::INET->new(PeerHost=>"127.0.0.1",PeerPort=>$p) or next; syswrite $c,"x"; $n++ if sysread($c,$d,9); close $c } syswrite $w,"$n\n"; exit }
    close $w; $s+=$_ while <$r>; printf "%d\n",$s/$t'
connections() { perl -e "$load" "$1" "$each"; }
for ((round = 0; round < rounds; round++)); do
    for what in through connections; do
        first=531
        [[ $what = through ]] || first=731
        take "coracle, $what" "$what" "${first}1"
        take "podman's rootlessport, $what" "$what" "${first}2"
        take "socat, $what" "$what" "${first}3"
        take "nothing between, $what" "$what" "${first/31/30}3"
    done
done
ratios Gbit/s "podman's rootlessport, through" 'coracle, through' "podman's rootlessport, through" 'socat, through' \
    'nothing between, through'
ratios connections/s "podman's rootlessport, connections" 'coracle, connections' "podman's rootlessport, connections" \
    'socat, connections' 'nothing between, connections'
for pid in $helpers; do
    # A perl that has forked leaves its child.
    mapfile -t below < <(pgrep -P "$pid")
    kill "$pid" "${below[@]}" 2>/dev/null || true
done
coracle rm -f -t 0 ports >/dev/null
"${podman_quiet[@]}" rm -f -t 0 ports >/dev/null

echo
echo "## Names"
coracle network create names >/dev/null
coracle run -d --name asked --network names bb sleep 100000 >/dev/null
coracle run -d --name asks --network names "${programs[@]}" bb sleep 100000 >/dev/null
# shellcheck disable=SC2016 # of the inner shell
answers() {
    coracle exec asks sh -c 'echo "asked.dns.podman A" >/tmp/q; exec /usr/bin/dnsperf -s "$0" -d /tmp/q -l '"$each"' -c 4 -q 200' \
        "$(coracle network inspect -f '{{range .Subnets}}{{.Gateway}}{{end}}' names)" | sed -n 's/.*Queries per second: *//p'
}
for ((round = 0; round < rounds; round++)); do take 'answers' answers; done
ratios answers/s answers answers
coracle rm -f -t 0 asked asks >/dev/null
coracle network rm names >/dev/null

echo
echo "## $many containers on the default network"
declare -a started=()
ten() { # FIRST: starts ten, tells how many a second
    local begin end i
    begin=$(date +%s%N)
    for ((i = 0; i < 10; i++)); do coracle run -d --name "many$(($1 + i))" -p "127.0.0.1:$((20000 + $1 + i)):80" bb sleep 100000 >/dev/null; done
    end=$(date +%s%N)
    awk -v took=$((end - begin)) 'BEGIN {printf "%.1f\n", 10e9 / took}'
}
helper_pss() { # when it has given back what it does not need at rest
    local pid
    sleep 1.5
    pid=$(pgrep -u "$(id -u)" -f "coracle internal netd --data $XDG_DATA_HOME")
    sed -n 's/^Pss: *\([0-9]*\) kB/\1/p' "/proc/$pid/smaps_rollup"
}
for ((number = 0; number < many; number += 10)); do
    started+=("$(ten "$number")")
    ((number != 40)) || echo "netd with 50 containers and their ports: $(helper_pss) kB"
done
mapfile -t inits < <(coracle ps -q --filter name=many | xargs coracle inspect -f '{{.State.Pid}}')
echo
echo "Starts a second, ten at a time: ${started[*]}; a monitor takes $(pss "${inits[@]}") kB; netd with $many: $(helper_pss) kB."
coracle rm -f -t 0 -a >/dev/null
