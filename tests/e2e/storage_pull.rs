//! What a pull leaves behind when it breaks off, and what the next one makes of it; owners and repairs.

use crate::harness::archive::{Attributes, Image, Packing, busybox_layer, digest, layer, write_archive};
use crate::harness::registry::{FakeRegistry, Registry, blob_path, honest};
use crate::harness::server::{Answer, Memory, Server};
use crate::harness::{Case, Need, TestEnv, case};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

pub fn cases() -> Vec<Case> {
    let ours = "it looks into our store";
    let all = [
        case!(layers_that_were_whole_when_a_pull_failed_are_not_fetched_again).only_ours(ours),
        case!(layers_that_were_whole_when_a_pull_was_killed_are_not_fetched_again).only_ours(ours),
        case!(ctrl_c_stops_at_once_and_what_was_done_is_not_done_again).only_ours(ours),
        case!(a_broken_layer_is_taken_up_where_it_broke).only_ours("podman 4 begins again"),
        case!(what_an_unfinished_pull_has_left_goes_with_a_prune).only_ours(ours),
        case!(what_was_pulled_is_pushed_and_saved_as_it_was).needs(&[Need::Registry, Need::Skopeo]),
        case!(bars_show_each_layer_and_leave_the_terminal_well).only_ours("the words are ours"),
        case!(with_one_id_the_owners_are_kept_for_others).only_ours(ours).needs(&[Need::Stranger, Need::Skopeo]),
        case!(owners_beyond_the_range_are_counted_and_given_back).only_ours(ours).needs(&[Need::Subids, Need::Registry]),
        case!(a_repair_pulls_exactly_what_is_damaged).only_ours(ours).needs(&[Need::Registry]),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns])).collect()
}

/// A small layer, and one that is longer than what a pipe takes in.
fn image() -> Image {
    let big: Vec<u8> = (0..3_000_000_u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
    let first = layer(|layer| {
        layer.file("first", 0o644, "first");
    });
    let second = layer(|layer| {
        layer.file("second", 0o644, &big);
    });
    Image::new("x", vec![first, second]).packed(Packing::Gzip)
}

fn folder(env: &TestEnv, layer: &[u8]) -> PathBuf {
    env.data().join("layers").join(&digest(layer)["sha256:".len()..])
}

fn layers(env: &TestEnv) -> usize {
    fs::read_dir(env.data().join("layers")).unwrap().count()
}

/// Pulls from a registry that gives half of the second layer, and then from one that is honest; returns what that was asked for.
fn pull_after(env: &TestEnv, image: &Image, kill: bool) -> Vec<String> {
    let blobs = image.packed_layers();
    let mut replies = honest(image, "x");
    let reply = replies.get_mut(&blob_path("x", &blobs[1])).unwrap();
    (reply.cut, reply.stall) = (Some(reply.body.len() / 2), true);
    let broken = FakeRegistry::start(replies);
    let reference = format!("{}/x", broken.address());
    let pull = env.cmd(&["pull", "--retry", "0", "--tls-verify=false", &reference]).spawn();
    wait_for(|| rows(env) == 1);
    if kill {
        pull.signal(Signal::KILL);
        drop(pull);
        drop(broken);
    } else {
        drop(broken);
        assert_ne!(pull.wait().code, 0);
    }
    env.run(&["image", "exists", &reference]).code(1);
    assert!(folder(env, &image.layers[0]).join("diff/first").exists(), "the whole layer stays");
    assert!(!folder(env, &image.layers[1]).exists(), "the other is not seen");
    let well = FakeRegistry::start(honest(image, "x"));
    env.ok(&["pull", "-q", "--tls-verify=false", &format!("{}/x", well.address())]);
    let asked = well.asked();
    assert_eq!(layers(env), 2);
    asked
}

/// The layers that the database knows: a folder counts from then on.
fn rows(env: &TestEnv) -> u32 {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let count = rusqlite::Connection::open_with_flags(env.data().join("state.db"), flags)
        .and_then(|db| db.query_row("SELECT count(*) FROM layers", [], |row| row.get(0)));
    count.unwrap_or(0)
}

fn wait_for(so: impl Fn() -> bool) {
    let begin = Instant::now();
    while !so() {
        assert!(begin.elapsed().as_secs() < 30, "it does not come to pass");
        std::thread::yield_now();
    }
}

fn layers_that_were_whole_when_a_pull_failed_are_not_fetched_again(env: &TestEnv) {
    let image = image();
    let asked = pull_after(env, &image, false);
    let blobs = image.packed_layers();
    assert!(!asked.iter().any(|line| line.contains(&digest(&blobs[0]))), "{asked:?}");
    assert!(asked.iter().any(|line| line.contains(&digest(&blobs[1]))), "{asked:?}");
}

fn layers_that_were_whole_when_a_pull_was_killed_are_not_fetched_again(env: &TestEnv) {
    let image = image();
    let asked = pull_after(env, &image, true);
    assert!(!asked.iter().any(|line| line.contains(&digest(&image.packed_layers()[0]))), "{asked:?}");
}

/// On a terminal ctrl-c reaches the whole group; a signal of another program only the command itself.
fn ctrl_c_stops_at_once_and_what_was_done_is_not_done_again(env: &TestEnv) {
    let layers: Vec<_> = (0..6_u8)
        .map(|number| {
            layer(|layer| {
                layer.file(&format!("file{number}"), 0o644, vec![number; 100_000 * usize::from(number + 1)]);
            })
        })
        .collect();
    for (round, group) in [true, false].into_iter().enumerate() {
        let mut all = layers.clone();
        all.push(layer(|layer| {
            layer.file("round", 0o644, [u8::try_from(round).unwrap()]);
        }));
        let image = Image::new("x", all).packed(Packing::Gzip);
        let blobs = image.packed_layers();
        // The last two never come to their end: two of three workers wait for them.
        let mut replies = honest(&image, "x");
        for blob in &blobs[5..] {
            let reply = replies.get_mut(&blob_path("x", blob)).unwrap();
            (reply.cut, reply.stall) = (Some(reply.body.len() / 2), true);
        }
        let slow = FakeRegistry::start(replies);
        let reference = format!("{}/x", slow.address());
        let pull = env.cmd(&["pull", "--tls-verify=false", &reference]).spawn();
        wait_for(|| image.layers[..5].iter().all(|layer| folder(env, layer).exists()));
        blobs[5..].iter().for_each(|blob| slow.wait_for(&digest(blob)));
        let begin = Instant::now();
        if group {
            kill_process_group(Pid::from_raw(pull.pid().cast_signed()).unwrap(), Signal::INT).unwrap();
        } else {
            pull.signal(Signal::INT);
        }
        // The end of its output is the end of every process that had it.
        let output = pull.wait();
        assert!(output.code == 130 && begin.elapsed().as_secs() < 5, "{:?} {output}", begin.elapsed());
        assert!(!output.stderr().to_lowercase().contains("error"), "{output}");
        env.run(&["image", "exists", &reference]).code(1);
        let well = FakeRegistry::start(honest(&image, "x"));
        env.ok(&["pull", "-q", "--tls-verify=false", &format!("{}/x", well.address())]);
        let asked = well.asked();
        for (at, blob) in blobs.iter().enumerate() {
            let count = asked.iter().filter(|line| line.contains(&digest(blob))).count();
            assert_eq!(count, usize::from(at >= 5), "layer {at}: {asked:?}");
        }
        env.ok(&["rmi", "-af"]);
    }
}

/// With a registry that gives a part, and with one that gives all of it again, whatever part was asked for.
fn a_broken_layer_is_taken_up_where_it_broke(env: &TestEnv) {
    let image = image();
    let blob = image.packed_layers()[1].clone();
    let path = blob_path("x", &blob);
    for gives_parts in [true, false] {
        let third = blob.len() / 3;
        let (blob, asked) = (blob.clone(), path.clone());
        let (mut memory, mut count) = (Memory::with(&[("x", &image)]), 0);
        let registry = Server::start(move |request| {
            if request.path != asked {
                return memory.answer(request);
            }
            count += 1;
            let from: Option<usize> = request
                .header("range")
                .map(|range| range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-')).unwrap().parse().unwrap());
            let answer = match from.filter(|_| gives_parts) {
                Some(from) => {
                    let range = format!("bytes {from}-{}/{}", blob.len() - 1, blob.len());
                    Answer::new(206, &blob[from..]).header("Content-Range", range)
                }
                None => Answer::new(200, &blob),
            };
            // It breaks twice, each time further on.
            if count <= 2 { answer.cut(third * if gives_parts { 1 } else { count }) } else { answer }
        });
        let reference = format!("{}/x", registry.address());
        env.ok(&["pull", "-q", "--tls-verify=false", "--retry-delay", "10ms", &reference]);
        let ranges: Vec<_> = registry
            .requests()
            .iter()
            .filter(|request| request.path == path)
            .map(|request| request.header("range").map(str::to_owned))
            .collect();
        let wanted = [None, Some(format!("bytes={third}-")), Some(format!("bytes={}-", 2 * third))];
        assert_eq!(ranges, wanted, "{gives_parts}");
        let file = fs::read(folder(env, &image.layers[1]).join("diff/second")).unwrap();
        assert_eq!(file.len(), 12_000_000);
        env.run(&["system", "check"]).prints("");
        env.ok(&["rmi", "-f", &reference]);
    }
}

fn what_an_unfinished_pull_has_left_goes_with_a_prune(env: &TestEnv) {
    let image = image();
    let mut replies = honest(&image, "x");
    let reply = replies.get_mut(&blob_path("x", &image.packed_layers()[1])).unwrap();
    (reply.cut, reply.stall) = (Some(reply.body.len() / 2), true);
    let registry = FakeRegistry::start(replies);
    let reference = format!("{}/x", registry.address());
    let pull = env.cmd(&["pull", "--retry", "0", "--tls-verify=false", &reference]).spawn();
    wait_for(|| rows(env) == 1);
    drop(registry);
    pull.wait().code(125);
    // The removal of another image soon after does not take it.
    env.busybox();
    env.ok(&["rmi", "bb"]);
    assert_eq!(layers(env), 1);
    env.ok(&["image", "prune", "-f"]);
    assert_eq!(layers(env), 0);
    env.run(&["system", "check"]).prints("");
}

fn what_was_pulled_is_pushed_and_saved_as_it_was(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = image();
    registry.push(&image, "in", "v1");
    let (from, to) = (format!("{}/in:v1", registry.address()), format!("{}/out:v1", registry.address()));
    env.ok(&["pull", "-q", "--tls-verify=false", &from]);
    env.ok(&["tag", &from, &to]);
    // Compressed anew, so that it is made from the files.
    env.ok(&["push", "-q", "--tls-verify=false", "--force-compression", "--compression-format", "zstd", &to]);
    env.ok(&["save", "-q", "--format", "oci-archive", "-o", "saved.tar", &from]);
    let saved = format!("oci-archive:{}", env.work().join("saved.tar").display());
    let wanted: Vec<String> = image.layers.iter().map(|layer| digest(layer)).collect();
    for place in [format!("docker://{to}"), saved] {
        let args = ["inspect", "--config", "--tls-verify=false", &place];
        let config: serde_json::Value = serde_json::from_str(&env.host("skopeo", &args).run().ok()).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], serde_json::json!(wanted), "{place}");
    }
    env.ok(&["rmi", "-a", "-f"]);
    // Whoever pulls it finds that the blobs are what the config says.
    env.ok(&["pull", "-q", "--tls-verify=false", &to]);
}

/// One bar for each layer and one for all; when a layer fails they stay as they were, and the error stands on lines of its own.
fn bars_show_each_layer_and_leave_the_terminal_well(env: &TestEnv) {
    let image = image();
    let blobs = image.packed_layers();
    let well = FakeRegistry::start(honest(&image, "x"));
    let reference = format!("{}/x", well.address());
    let shown = env.cmd(&["pull", "--tls-verify=false", &reference]).on_terminal(24, u16::try_from(WIDTH).unwrap()).wait();
    let screen = screen(&shown.ok());
    let line = |start: &str| screen.iter().filter(|line| line.starts_with(start)).cloned().collect::<Vec<_>>();
    for blob in &blobs {
        let name = &digest(blob)["sha256:".len()..][..12];
        let bars = line(name);
        assert!(bars.len() == 1 && bars[0].ends_with("done"), "{screen:#?}");
    }
    assert_eq!(line("total").len(), 1, "{screen:#?}");
    assert_eq!(screen.last().unwrap(), &env.field(&reference, "{{.Id}}"), "{screen:#?}");
    env.ok(&["rmi", "-f", &reference]);
    // Quiet is quiet on a terminal, too.
    let shown = env.cmd(&["pull", "-q", "--tls-verify=false", &reference]).on_terminal(24, u16::try_from(WIDTH).unwrap()).wait();
    assert_eq!(shown.ok(), env.field(&reference, "{{.Id}}"));
    env.ok(&["rmi", "-f", &reference]);
    let mut replies = honest(&image, "x");
    let reply = replies.get_mut(&blob_path("x", &blobs[1])).unwrap();
    reply.cut = Some(reply.body.len() / 2);
    let broken = FakeRegistry::start(replies);
    let args = ["pull", "--retry", "0", "--tls-verify=false", &format!("{}/x", broken.address())];
    let failed = env.cmd(&args).on_terminal(24, u16::try_from(WIDTH).unwrap()).wait().code(125);
    let screen = self::screen(&failed.stdout());
    let name = &digest(&blobs[1])["sha256:".len()..][..12];
    let bars: Vec<_> = screen.iter().filter(|line| line.starts_with(name)).collect();
    assert!(bars.len() == 1 && bars[0].ends_with("not done"), "{screen:#?}");
    let below = screen.iter().skip_while(|line| !line.starts_with("total")).skip(1).collect::<Vec<_>>();
    assert!(below[0].starts_with("Error: "), "{screen:#?}");
    // The cursor is shown again.
    let text = failed.stdout();
    assert!(text.rfind("\x1b[?25l") <= text.rfind("\x1b[?25h"), "{text:?}");
}

const WIDTH: usize = 120;

/// The lines that are on a terminal at the end: what bars do is to go up, to delete a line, and to write.
fn screen(text: &str) -> Vec<String> {
    let (mut lines, mut row, mut column): (Vec<Vec<char>>, usize, usize) = (vec![Vec::new()], 0, 0);
    let mut rest = text.chars();
    while let Some(char) = rest.next() {
        match char {
            '\r' => column = 0,
            '\n' => row += 1,
            '\x1b' => {
                let mut order = String::new();
                while !order.ends_with(|char: char| char.is_ascii_alphabetic()) {
                    order.push(rest.next().unwrap());
                }
                match order.as_str() {
                    "[2K" => lines.get_mut(row).into_iter().for_each(Vec::clear),
                    // To the end of the line, and of the screen.
                    "[K" | "[0K" => lines.get_mut(row).into_iter().for_each(|line| line.truncate(column)),
                    "[J" | "[0J" => lines.truncate(row),
                    order if order.ends_with('A') => row -= order[1..order.len() - 1].parse().unwrap_or(1).min(row),
                    order if order.ends_with('B') => row += order[1..order.len() - 1].parse().unwrap_or(1),
                    order if order.ends_with('G') => column = 0,
                    order if order.starts_with("[?25") || order.ends_with('m') => {}
                    order => panic!("{order:?} in {text:?}"),
                }
            }
            char => {
                if column == WIDTH {
                    (row, column) = (row + 1, 0);
                }
                lines.resize(lines.len().max(row + 1), Vec::new());
                let line = &mut lines[row];
                line.resize(line.len().max(column + 1), ' ');
                line[column] = char;
                column += 1;
            }
        }
    }
    lines
        .into_iter()
        .map(|line| line.into_iter().collect::<String>().trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// All files belong to the only id there is, and yet what goes out has the owners that came in.
fn with_one_id_the_owners_are_kept_for_others(env: &TestEnv) {
    let owned = layer(|layer| {
        for (name, uid, gid) in [("root", 0, 0), ("user", 1000, 1000), ("group", 0, 5), ("far", 4_000_000, 7)] {
            layer.entry(tar::EntryType::Regular, name, Attributes { mode: 0o640, uid, gid }, "", name.as_bytes());
        }
    });
    let image = Image::new("x", vec![busybox_layer().finish(), owned]).packed(Packing::Gzip);
    write_archive(env.work().join("in.tar"), &image.oci_entries());
    let archive = fs::read(env.work().join("in.tar")).unwrap();
    let stranger = |args: &[&str]| crate::identity::as_stranger(env, env.cmd(args));
    stranger(&["load", "-q"]).stdin(archive).run().ok();
    let args = ["run", "--rm", "--network", "none", "x", "stat", "-c", "%u:%g", "/root", "/user", "/far"];
    assert_eq!(stranger(&args[..]).run().ok(), "0:0\n0:0\n0:0");
    let wanted: Vec<String> = image.layers.iter().map(|layer| digest(layer)).collect();
    for format in ["oci-archive", "docker-archive"] {
        let saved = stranger(&["save", "-q", "--format", format, "x"]).run();
        saved.ok();
        let path = env.file("out.tar", &saved.stdout);
        let shown = env.host("skopeo", &["inspect", "--config", &format!("{format}:{path}")]).run().ok();
        let config: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(config["rootfs"]["diff_ids"], serde_json::json!(wanted), "{format}");
        // A store with subordinate ids takes it as the same layers, with their owners.
        env.ok(&["load", "-q", "-i", &path]);
        assert!(image.layers.iter().all(|layer| folder(env, layer).exists()));
        let args = ["run", "--rm", "--network", "none", "x", "stat", "-c", "%u:%g", "/user", "/group"];
        assert_eq!(env.ok(&args), "1000:1000\n0:5", "{format}");
        env.ok(&["rmi", "-af"]);
    }
    let server = Server::start({
        let mut memory = Memory::default();
        move |request| memory.answer(request)
    });
    let reference = format!("{}/one/id", server.address());
    stranger(&["push", "-q", "--tls-verify=false", "x", &reference]).run().ok();
    env.ok(&["pull", "-q", "--tls-verify=false", &reference]);
    assert!(image.layers.iter().all(|layer| folder(env, layer).exists()), "the same diffIDs");
    stranger(&["rmi", "-af"]).run().ok();
}

fn owners_beyond_the_range_are_counted_and_given_back(env: &TestEnv) {
    let registry = Registry::start(env);
    let far = layer(|layer| {
        let owner = Attributes { mode: 0o644, uid: 4_000_000, gid: 5 };
        layer.entry(tar::EntryType::Regular, "far", owner, "", b"x");
        layer.file("near", 0o644, "x");
    });
    let image = Image::new("x", vec![busybox_layer().finish(), far.clone()]).packed(Packing::Gzip);
    registry.push(&image, "far", "v1");
    let reference = format!("{}/far:v1", registry.address());
    let pulled = env.run(&["pull", "--tls-verify=false", &reference]);
    assert!(pulled.stderr().contains("/etc/subuid"), "{pulled}");
    assert_eq!(env.field(&reference, "{{.OwnersReplaced}}"), "1");
    let shown = env.ok(&["run", "--rm", "--network", "none", &reference, "stat", "-c", "%u:%g", "/far", "/near"]);
    assert_eq!(shown, "65534:5\n0:0");
    env.ok(&["save", "-q", "-o", "saved.tar", &reference]);
    // The layer that was saved is the one that came, so its diffID is the same.
    env.ok(&["rmi", "-f", &reference]);
    env.ok(&["load", "-q", "-i", "saved.tar"]);
    assert!(folder(env, &far).exists());
}

fn a_repair_pulls_exactly_what_is_damaged(env: &TestEnv) {
    let registry = Registry::start(env);
    let image = Image::busybox_with("x", |layer| {
        layer.file("file", 0o644, "text");
    })
    .packed(Packing::Gzip);
    registry.push(&image, "x", "v1");
    let reference = format!("{}/x:v1", registry.address());
    env.ok(&["pull", "-q", "--tls-verify=false", &reference]);
    let container = env.ok(&["create", "--network", "none", &reference, "cat", "/file"]);
    let whole = fs::metadata(folder(env, &image.layers[0])).unwrap();
    fs::write(folder(env, &image.layers[1]).join("diff/file"), "TEXT").unwrap();
    let id = env.field(&reference, "{{.Id}}");
    env.run(&["system", "check"]).code(125);
    let output = env.run(&["system", "check", "--repair", "--tls-verify=false"]);
    output.ok();
    assert!(output.stdout().contains(&format!("Pulled what was damaged of image {id}")), "{output}");
    env.run(&["system", "check"]).prints("");
    use std::os::unix::fs::MetadataExt as _;
    assert_eq!(fs::metadata(folder(env, &image.layers[0])).unwrap().ino(), whole.ino(), "the other layer was left alone");
    assert_eq!(env.ok(&["images", "--format", "{{.Repository}}:{{.Tag}}"]), reference);
    assert_eq!(env.ok(&["start", "-a", &container]), "text");
    // A registry that is gone: the image goes, as the container allows it.
    env.remove(&[&container]);
    drop(registry);
    fs::remove_file(folder(env, &image.layers[1]).join("diff/file")).unwrap();
    env.run(&["system", "check", "--repair", "--tls-verify=false", "--retry", "0"]).ok();
    env.run(&["image", "exists", &reference]).code(1);
}
