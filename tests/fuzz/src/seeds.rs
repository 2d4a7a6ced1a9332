//! Inputs to begin with: honest ones, and those that were trouble elsewhere.

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Plans of tars (see `tarball`), and archives by their members.
pub fn plans() -> Vec<Vec<u8>> {
    let config = r#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
    let docker = format!(
        "\u{0}manifest.json\0[{{\"Config\":\"c.json\",\"RepoTags\":[\"a:b\"],\"Layers\":[\"l\"]}}]\0c.json\0{config}\0l\0x"
    );
    let oci = format!(
        "\u{0}oci-layout\0{{}}\0index.json\0{{\"schemaVersion\":2,\"manifests\":[{{\"digest\":\"{DIGEST}\",\"size\":0}}]}}\0blobs/sha256/{}\0",
        &DIGEST[7..]
    );
    let mut all: Vec<Vec<u8>> =
        (0..16).map(|step: u8| (0..120).map(|at: u8| at.wrapping_mul(step).wrapping_add(step)).collect()).collect();
    all.extend([docker, oci].map(|text| [&[0xfe], &text.as_bytes()[1..]].concat()));
    all.push(vec![0, 0, 10, 1, 0, 3, 9, 5, 20, 0, 0, 0, 10, 4, 0, 0]);
    all
}

pub fn split() -> Vec<Vec<u8>> {
    vec![
        vec![0, 3, b'a', b'b', b'c', 1, 3, b'd', b'/', b'f', 1, 0, 6],
        vec![1, 1, b'l', 1, 0, 9],
        vec![1, 9, b'.', b'.', b'/', b'.', b'.', b'/', b'c', b'a', b'n', 1, 0, 9],
        vec![2, 3, b'd', b'/', b'f', 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f],
    ]
}

pub fn manifest() -> Vec<Vec<u8>> {
    let layer = format!(
        r#"{{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"{DIGEST}","size":3,"urls":["http://x"]}}"#
    );
    let manifest = format!(
        r#"{{"schemaVersion":2,"config":{{"digest":"{DIGEST}","size":1}},"layers":[{layer}],"annotations":{{"a":"b"}}}}"#
    );
    let index = format!(
        r#"{{"schemaVersion":2,"manifests":[{{"digest":"{DIGEST}","size":1,"platform":{{"os":"linux","architecture":"amd64","variant":"v2"}}}}]}}"#
    );
    bytes(&[&manifest, &index, r#"{"schemaVersion":1,"fsLayers":[]}"#, "null"])
}

pub fn config() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"architecture":"amd64","os":"linux","created":"2020-09-13T12:26:40Z","config":{"User":"1:2","Env":["A=b","*"],"Cmd":["x"],"Entrypoint":["y"],"WorkingDir":"/w","Volumes":{"/v":{},"../x":{}},"ExposedPorts":{"80/tcp":{}},"Labels":{"a":"b\n"},"StopSignal":"SIGTERM","Healthcheck":{"Test":["CMD-SHELL","x"],"Interval":-1,"Retries":9223372036854775807}},"rootfs":{"type":"layers","diff_ids":[]},"history":[{"empty_layer":true}]}"#,
        r#"{"config":null,"rootfs":{}}"#,
        r#"{"config":{"User":"u:g","Env":["A=b"],"WorkingDir":"w","Volumes":{"/v":{},"/v/w":{},"/dev":{},"/":{}}}}"#,
        r#"{"config":{"User":"1:2","Env":["PATH=/x"],"Entrypoint":["y"],"WorkingDir":"/w","Volumes":{"/v":{}},"StopSignal":"9"},"rootfs":{"type":"layers","diff_ids":[]}}"#,
    ])
}

pub fn registries() -> Vec<Vec<u8>> {
    bytes(&[
        "unqualified-search-registries = ['a.example']\nshort-name-mode = 'enforcing'\n[[registry]]\nprefix = '*.example'\nlocation = 'b'\ninsecure = true\n[[registry.mirror]]\nlocation = 'c/d'\npull-from-mirror = 'all'\n[aliases]\ntool = 'x.example/tool'\n",
        "[registries.search]\nregistries = ['a']\n",
        "credential-helpers = ['containers-auth.json']\n",
    ])
}

pub fn policy() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"default":[{"type":"insecureAcceptAnything"}],"transports":{"docker":{"registry.example/team":[{"type":"reject"}],"*.example":[{"type":"signedBy"}]},"oci":{"/a":[{"type":"reject"}]}}}"#,
    ])
}

pub fn auth() -> Vec<Vec<u8>> {
    bytes(&[
        "{\"auths\":{\"registry.example\":{\"auth\":\"bWU6c2VjcmV0\"},\"https://index.docker.io/v1/\":{\"identitytoken\":\"t\"}}}\0registry.example/x",
        "{\"https://old.example\":{\"auth\":\"OjoK\",\"email\":\"\"}}",
    ])
}

pub fn reference() -> Vec<Vec<u8>> {
    let digest = format!("[::1]:5000/a/b:c@{DIGEST}");
    bytes(&["busybox", "a/b:c", "localhost:5000/x", &digest, "docker.io/library/x", "A.b/c", "a..b/c", "a:b:c", "x@sha256:12"])
}

pub fn change() -> Vec<Vec<u8>> {
    bytes(&[
        "CMD [\"a\", \"b\"]\nENTRYPOINT a b\nENV A=b \"C=d e\"\nENV A b c\nLABEL a=b\nUSER 1:2\nWORKDIR x\nVOLUME /a /b\nEXPOSE 80/tcp 90-95",
        "STOPSIGNAL 9\nHEALTHCHECK --interval=1s CMD true\nHEALTHCHECK NONE\nONBUILD RUN x\ncmd 'a",
    ])
}

pub fn users() -> Vec<Vec<u8>> {
    bytes(&[
        "app:tape\0root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n\0tape:x:26:app,b\n",
        "1000\0wide:x:4294967296:0::/:\n1000:x:0:0::/:\n\0",
        "+1\0x:::::\0:::",
    ])
}

pub fn subids() -> Vec<Vec<u8>> {
    bytes(&["me:100000:65536\n1000:4294967295:1\n", "me:0:4294967296\nme:-1:5\nother:1:1"])
}

pub fn logs() -> Vec<Vec<u8>> {
    bytes(&["2026-11-21T03:00:00.123456789+00:00 stdout F a b\n2026-11-21T03:00:00.123456789Z stderr P:x \n2026"])
}

pub fn events() -> Vec<Vec<u8>> {
    bytes(&[
        "{\"ID\":\"1\",\"Name\":\"c\",\"Status\":\"died\",\"Type\":\"container\",\"Time\":\"2026-11-21T03:00:00Z\",\"ContainerExitCode\":1}\n{\0{\"Time\":\"9999-12-31T00:00:00Z\"}\n",
    ])
}

pub fn messages() -> Vec<Vec<u8>> {
    vec![
        b"ihello".to_vec(),
        b"r\x01\0\x02\0".to_vec(),
        b"c\x01\0\0\0".to_vec(),
        b"x".to_vec(),
        b"--init\x001\0--started\x002".to_vec(),
    ]
}

pub fn options() -> Vec<Vec<u8>> {
    let values = [
        "type=bind,source=/tmp,target=/x,ro,bind-propagation=rshared",
        "/tmp:/x:ro,z,U",
        "/x:size=1m,mode=1777",
        "0:1:1000",
        "+5:@7:1",
        "keep-id:uid=1,gid=2",
        "127.0.0.1:80-82:90-92/udp",
        "nofile=1:2",
        "net.ipv4.x=1",
        "1.5g",
        "/dev/null:/dev/x:rwm",
        "c 1:3 rwm",
        "a=b",
        "seccomp=unconfined",
        "always:3",
        "10s",
        "[\"CMD\",\"a\"]",
        "0-3,5",
    ];
    let mut all = Vec::new();
    for (at, value) in (0_u8..).zip(values) {
        for option in [at, at + 9, at + 18, at + 27] {
            all.push([&[option % 36], value.as_bytes()].concat());
        }
    }
    all
}

pub fn proc() -> Vec<Vec<u8>> {
    bytes(&[
        "7 (a) b) S 1 7 7 0 -1 0 1 2 3 4 100 50 10 5 20 0 3 0 99 1 1\0Name:\tx\nUid:\t0\t1\t0\t0\nGroups:\t1 2 \nCapEff:\t00000000800405fb\nVmRSS:\t12 kB\nThreads:\t3\n\x000 1001 1\n1 100000 65536\n\0root:x:0:0::/:\n",
        "1 (x) R 1 1 1 34816 1 0 0 0 0 0 18446744073709551615 1 1 1 20 0 1 0 5 6\0VmRSS: 18446744073709551615 kB\0 4294967295 0 4294967295\n5 5 5\n\0a:b:4294967295",
        "Inter-|\n face |\n tap0:10 1 0 0 0 0 0 0 18446744073709551615\n tap1:1 1 0 0 0 0 0 0 20\0Iface\tDestination\neth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\x00000 00 0 0 0 0 0 0 0 eth0\x000::/user.slice/a\n1:name=x:/",
        "usage_usec 12\n8:0 rbytes=18446744073709551615 wbytes=2\n8:1 rbytes=1\0populated 0\nfrozen 1\n\0io 3 1 1\0Bearer realm=\"https://a/t?b=\\\"c\\\"\",service=x",
        "100 1 1\n100 2 2\n\x0011 0 5\n11 5 5\0Basic realm=\"x\"",
        "l\x01\0\x01\x08\0\0\0\x01\0\0\0\0\0\0\0",
    ])
}

pub fn dns() -> Vec<Vec<u8>> {
    let head = |flags: u8, questions: u8| vec![0, 1, flags, 0, 0, questions, 0, 0, 0, 0, 0, 0];
    vec![
        [head(1, 1), b"\x04name\x07example\0\0\x01\0\x01".to_vec()].concat(),
        [head(1, 1), b"\x013\x012\x0288\x0210\x07in-addr\x04arpa\0\0\x0c\0\x01".to_vec()].concat(),
        [vec![0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1], b"\x01a\0\0\x1c\0\x01\0\0\x29\xff\xff\0\0\0\0\0\0".to_vec()].concat(),
        [head(1, 1), b"\xc0\x0c\0\x01\0\x01".to_vec()].concat(),
        head(0x81, 0),
        head(0x28, 2),
    ]
}

pub fn bundle() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"ociVersion":"1.2.0","root":{"path":"rootfs","readonly":true},"hostname":"h","process":{"terminal":false,"user":{"uid":1,"gid":2,"additionalGids":[3]},"args":["sh"],"env":["A=b"],"cwd":"/","capabilities":{"bounding":["CAP_CHOWN"]},"rlimits":[{"type":"RLIMIT_NOFILE","soft":1,"hard":2}],"oomScoreAdj":100},"mounts":[{"destination":"/proc","type":"proc","source":"proc","options":["nosuid","ro"]}],"hooks":{"prestart":[{"path":"/bin/true","args":["x"],"timeout":1}]},"linux":{"namespaces":[{"type":"pid"},{"type":"user"}],"uidMappings":[{"containerID":0,"hostID":0,"size":1}],"resources":{"memory":{"limit":1},"cpu":{"shares":2}},"devices":[{"path":"/dev/x","type":"c","major":1,"minor":3}],"sysctl":{"net.x":"1"},"maskedPaths":["/x"],"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","architectures":["SCMP_ARCH_X86_64"],"syscalls":[{"names":["read"],"action":"SCMP_ACT_ALLOW","args":[{"index":0,"value":1,"valueTwo":2,"op":"SCMP_CMP_MASKED_EQ"}]}]}}}"#,
        r#"{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":38,"archMap":[{"architecture":"SCMP_ARCH_X86_64","subArchitectures":["SCMP_ARCH_X86"]}],"syscalls":[{"names":["clone"],"action":"SCMP_ACT_ALLOW","args":[{"index":5,"value":18446744073709551615,"op":"SCMP_CMP_GE"}],"includes":{"caps":["CAP_SYS_ADMIN"],"minKernel":"4.8","arches":["amd64"]}},{"name":"bpf","action":"SCMP_ACT_ERRNO","errnoRet":1}]}"#,
    ])
}

pub fn network() -> Vec<Vec<u8>> {
    let values = [
        "10.1.3.0/24",
        "10.1.2.1",
        "10.1.2.4-10.1.2.9",
        "10.0.0.0/8,10.1.2.1,5",
        "mtu=1400",
        "1.1.1.1",
        "a=b",
        "br0",
        "fd00::/64",
        "::/0",
        "0.0.0.0/0",
        "255.255.255.255/32",
        "10.1.2.255/31",
    ];
    values.iter().flat_map(|value| (0..10).map(move |option| [&[option], value.as_bytes()].concat())).collect()
}

pub fn log_files() -> Vec<Vec<u8>> {
    const T: &str = "2026-11-21T03:00:00.123456789+00:00";
    let text = format!(
        "{T} stdout P a\n{T} stderr F err\n{T} stdout F b\ntorn\n{T} stdout F \n{T}\0{T} stdout F older\n{T} stderr P half\n"
    );
    bytes(&[&text, "\n\n\0\n", &text.replace('\n', "\r\n")])
}

pub fn outcomes() -> Vec<Vec<u8>> {
    vec![
        vec![1, 2, 0, 0, 0, 3, 0, b'/', b'a', b'b'],
        vec![0, 1, 13, 0, 0, 0, 0xff, 0xff],
        b"\"Ports\"".to_vec(),
        br#"{"Refused":{"PortTaken":{"address":"127.0.0.1:80","protocol":"tcp","owner":null}}}"#.to_vec(),
        br#"{"Ports":{"bound":[],"lost":[]}}"#.to_vec(),
        br#"{"Withdraw":"0707070707070707070707070707070707070707070707070707070707070707"}"#.to_vec(),
    ]
}
