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
