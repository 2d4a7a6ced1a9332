//! Commands in an order that a number decides, many at once, and a database that is damaged (R28, R29, R33). `CORACLE_SEED` is the number,
//! `CORACLE_SOAK` says how much longer than usual.

use crate::fault_driver::{Seeded, invariants};
use crate::harness::archive::Image;
use crate::harness::server::{Memory, Server};
use crate::harness::{Case, Need, TestEnv, case};
use crate::soak::rounds;

pub fn cases() -> Vec<Case> {
    let all = [
        case!(commands_for_one_container_all_end_and_agree),
        case!(pulls_and_removals_of_one_image_never_leave_half_of_it),
        case!(a_damaged_database_is_an_error_that_names_it),
    ];
    all.into_iter().map(|case| case.needs(&[Need::Userns]).only_ours("podman waits for its locks")).collect()
}

/// R28.
fn commands_for_one_container_all_end_and_agree(env: &TestEnv) {
    env.busybox();
    let choices: [&[&str]; 14] = [
        &["create", "--name", "c", "--network", "none", "bb", "sleep", "1000"],
        &["run", "-d", "--name", "c", "--network", "none", "bb", "sleep", "1000"],
        &["run", "--rm", "--name", "c", "--network", "none", "bb", "true"],
        &["start", "c"],
        &["stop", "-t", "0", "c"],
        &["restart", "-t", "0", "c"],
        &["kill", "c"],
        &["rm", "c"],
        &["rm", "-f", "-t", "0", "c"],
        &["exec", "c", "true"],
        &["inspect", "c"],
        &["logs", "c"],
        &["pause", "c"],
        &["unpause", "c"],
    ];
    let mut random = Seeded::new("one container");
    for round in 0..rounds() * 12 {
        let words: Vec<&[&str]> = (0..6).map(|_| *random.of(&choices)).collect();
        let running: Vec<_> = words.iter().map(|words| (words[0], env.cmd(words).spawn())).collect();
        // Whoever waits for something in a paused container waits until somebody goes on with it.
        let (pauses, others): (Vec<_>, Vec<_>) = running.into_iter().partition(|(verb, _)| *verb == "pause");
        let mut outputs: Vec<_> = pauses.into_iter().map(|(_, running)| running.wait()).collect();
        env.run(&["unpause", "c"]);
        outputs.extend(others.into_iter().map(|(_, running)| running.wait()));
        for output in outputs {
            let text = output.stderr();
            assert!([0, 1, 2, 125, 126, 137, 255].contains(&output.code), "round {round}: {output}");
            assert!(!text.contains("panicked") && !text.contains("locked"), "round {round}: {output}");
            assert!([0, 137].contains(&output.code) || !text.is_empty(), "round {round}: {output}");
        }
        env.run(&["ps", "-a"]).code(0);
    }
    invariants(env);
}

/// R29.
fn pulls_and_removals_of_one_image_never_leave_half_of_it(env: &TestEnv) {
    let image = Image::busybox_with("mixed", |layer| {
        (0..50).for_each(|number| _ = layer.file(&format!("many/{number}"), 0o644, "x"));
    });
    let mut memory = Memory::with(&[("r", &image)]);
    let registry = Server::start(move |request| memory.answer(request));
    let reference = format!("{}/r", registry.address());
    let pull: [&str; 4] = ["pull", "-q", "--tls-verify=false", &reference];
    let run = ["run", "--rm", "--pull=never", "--network", "none", &reference, "sh", "-c", "ls /many | wc -l"];
    let choices: [&[&str]; 5] = [&pull, &pull, &run, &["rmi", "-f", &reference], &["image", "prune", "-af"]];
    let mut random = Seeded::new("one image");
    for round in 0..rounds() * 8 {
        let running: Vec<_> = (0..5).map(|_| random.of(&choices)).map(|words| (words[0], env.cmd(words).spawn())).collect();
        for (verb, running) in running {
            let output = running.wait();
            let right = match verb {
                "pull" => output.code == 0,
                // There, whole, or not there.
                "run" => output.code == 0 && output.stdout() == "50" || output.code == 125,
                _ => [0, 1, 2, 125].contains(&output.code),
            };
            assert!(right && !output.stderr().contains("panicked"), "round {round}: {output}");
        }
    }
    env.ok(&pull);
    env.run(&run).prints("50");
    env.ok(&["system", "check"]);
    env.ok(&["rmi", "-f", &reference]);
    invariants(env);
}

/// R33.
fn a_damaged_database_is_an_error_that_names_it(env: &TestEnv) {
    env.busybox();
    env.ok(&["create", "--name", "c", "--network", "none", "bb", "echo", "fine"]);
    let path = env.data().join("state.db");
    let beside = ["-wal", "-shm"].map(|end| env.data().join(format!("state.db{end}")));
    let remove = || beside.iter().for_each(|path| _ = std::fs::remove_file(path));
    // Into the file itself: SQLite's log is taken over when the last one closes it.
    let script = "import sqlite3, sys; db = sqlite3.connect(sys.argv[1]); db.execute('pragma wal_checkpoint(truncate)')";
    if env.host("python3", &["-c", script, &path.to_string_lossy()]).run().code != 0 {
        eprintln!("skip: python3 has no sqlite3");
        return;
    }
    let whole = std::fs::read(&path).expect("the database");
    let mut random = Seeded::new("database");
    for round in 0..rounds() * 12 {
        let mut bytes = whole.clone();
        match round % 4 {
            0 => bytes.truncate(1 + random.below(bytes.len() - 1)),
            1 => bytes[..4096].fill(0),
            2 => bytes.fill(0xff),
            _ => (0..64).for_each(|_| {
                let at = random.below(bytes.len());
                bytes[at] ^= 1 << random.below(8);
            }),
        }
        remove();
        std::fs::write(&path, &bytes).expect("damage the database");
        for words in [&["ps", "-a"][..], &["inspect", "c"], &["images"], &["start", "c"], &["create", "bb"], &["system", "check"]]
        {
            let output = env.run(words);
            let text = output.stderr();
            assert!(
                (0..=125).contains(&output.code) && output.code != 101 && !text.contains("panicked"),
                "round {round}: {output}"
            );
            let named = text.contains("state.db")
                || text.contains("database")
                || text.contains("no such")
                || text.contains("no container");
            assert!(round % 4 != 2 || output.code != 0 && named, "round {round}: {output}");
        }
    }
    remove();
    std::fs::write(&path, &whole).expect("bring the database back");
    env.run(&["start", "-a", "c"]).prints("fine");
    env.ok(&["rm", "c"]);
    invariants(env);
}
