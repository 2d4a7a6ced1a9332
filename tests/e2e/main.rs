//! End-to-end tests: the tool, real namespaces, and what the kernel shows.
//!
//! The cases run as an unprivileged user. Started by root, the harness prepares what only root can (a delegated cgroup, small
//! disks) and goes down to the user that `CORACLE_TEST_USER` names (`coracle-test`).
//!
//! | variable               | meaning                                                                                     |
//! |------------------------|---------------------------------------------------------------------------------------------|
//! | `CORACLE_BIN`          | the folder with `coracle` and `coracle-monitor`; else where cargo built them                  |
//! | `CORACLE_TEST_REQUIRE` | `userns,subids,net,cgroup,registry,…`: a missing one is a failure, not a skip                 |
//! | `CORACLE_UNDER_TEST`   | `podman`: the same cases on Podman; its known gaps are marked, and a closed gap is a failure |
//! | `CORACLE_TEST_TMP`     | where the cases' folders are made (`/var/tmp`)                                               |
//! | `CORACLE_SHARED_IMAGES`| a folder of bigger images, for extra cases                                                   |
//! | `CORACLE_FAULTS`       | how many faults are tried in each scenario (4); more take a second each                       |
//! | `CORACLE_SEED`         | the number that the choice of faults begins with (1)                                         |
//! | `CORACLE_SWEEP`        | at how many system calls a command of the store is killed (5); 20 and more try every failing write |
//! | `CORACLE_STORM`        | seconds for which containers with ports are started and killed at random (10)                 |
//! | `CORACLE_SOAK`         | rounds of fifty parallel runs, and a hundred lifecycles each (1)                              |

#![allow(unreachable_pub, reason = "a program of its own: there is no outside")]
#![allow(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, reason = "a test program reports and asserts")]

mod archives;
mod bridge;
mod check;
mod commit;
mod containers_conf;
mod cp;
mod devices;
mod environment;
mod escape;
mod events;
mod exec;
mod fault_driver;
mod faults;
mod hardening;
mod harness;
mod health;
mod history;
mod hostile;
mod hostile_data;
mod hostile_paths;
mod hostile_processes;
mod identity;
mod image_disk;
mod image_manifest;
mod image_mount;
mod image_scp;
mod images;
mod interrupted;
mod isolation;
mod kernel;
mod lifecycle;
mod limits;
mod listing;
mod logdrivers;
mod login;
mod logs;
mod misbehaving;
mod mount;
mod mounts;
mod moved;
mod named_volumes;
mod names;
mod net_ends;
mod net_fallback;
mod net_follow;
mod net_netd;
mod net_outside;
mod net_storm;
mod network;
mod networks;
mod oci;
mod pause;
mod ports;
mod prune;
mod pull;
mod push;
mod random;
mod registry;
mod relations;
mod rights;
mod run;
mod save;
mod secrets;
mod settings;
mod sharing;
mod soak;
mod storage_drivers;
mod storage_pull;
mod stuck;
mod supervise;
mod system;
mod terminal;
mod top;
mod traced;
mod userns;
mod volumes;
mod wholeness;

use harness::{case, host, root};
use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = Arguments::from_args();
    if !args.list
        && let Some(code) = root::run_as_user()
    {
        return code;
    }
    args.test_threads.get_or_insert(2);
    case::keep_panics();
    let cases = [
        archives::cases(),
        devices::cases(),
        environment::cases(),
        check::cases(),
        commit::cases(),
        cp::cases(),
        escape::cases(),
        events::cases(),
        exec::cases(),
        fault_driver::cases(),
        faults::cases(),
        hardening::cases(),
        hostile::cases(),
        image_disk::cases(),
        image_manifest::cases(),
        image_mount::cases(),
        image_scp::cases(),
        hostile_data::cases(),
        hostile_paths::cases(),
        hostile_processes::cases(),
        images::cases(),
        interrupted::cases(),
        pull::cases(),
        push::cases(),
        random::cases(),
        registry::cases(),
        misbehaving::cases(),
        login::cases(),
        relations::cases(),
        listing::cases(),
        network::cases(),
        oci::cases(),
        containers_conf::cases(),
        networks::cases(),
        bridge::cases(),
        names::cases(),
        net_ends::cases(),
        net_fallback::cases(),
        net_follow::cases(),
        net_netd::cases(),
        net_outside::cases(),
        net_storm::cases(),
        ports::cases(),
        pause::cases(),
        prune::cases(),
        terminal::cases(),
        top::cases(),
        traced::cases(),
        lifecycle::cases(),
        limits::cases(),
        logs::cases(),
        logdrivers::cases(),
        stuck::cases(),
        supervise::cases(),
        health::cases(),
        history::cases(),
        mount::cases(),
        mounts::cases(),
        moved::cases(),
        named_volumes::cases(),
        identity::cases(),
        isolation::cases(),
        kernel::cases(),
        rights::cases(),
        run::cases(),
        save::cases(),
        secrets::cases(),
        settings::cases(),
        storage_drivers::cases(),
        storage_pull::cases(),
        sharing::cases(),
        soak::cases(),
        userns::cases(),
        system::cases(),
        volumes::cases(),
        wholeness::cases(),
    ]
    .into_iter()
    .flatten();
    let trials = cases.map(harness::Case::into_trial).collect();
    let conclusion = libtest_mimic::run(&args, trials);
    if !args.list && host::var("CORACLE_E2E_ROOT").is_none() {
        let _ = std::fs::remove_dir_all(harness::environment::root_folder());
    }
    conclusion.exit_code()
}
