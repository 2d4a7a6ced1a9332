//! coracle: a rootless, daemonless container tool for Linux.
//!
//! # The house
//!
//! Arrows go down only. A module may use what stands below it and what the table names beside it; `tests/it/layers.rs`
//! reads this table and checks every import against it. Everyone may use `model`, `config` and `sys`.
//!
//! ```text
//! layer     module    may also use
//! front     cli       engine
//! engine    engine    image secret storage state runtime monitor net cgroup userns events
//! service   image     storage
//! service   secret    -
//! service   storage   -
//! service   state     -
//! service   runtime   cgroup monitor userns
//! service   monitor   cgroup events
//! service   net       userns
//! service   cgroup    -
//! service   userns    -
//! service   events    -
//! pure      model     -
//! pure      config    -
//! kernel    sys       -
//! ```
//!
//! # The way of `coracle run`
//!
//! ```text
//! coracle (the CLI; single-threaded, host namespaces)
//!   │ parse → look up the image, write the container row → build the OCI runtime spec
//!   ├─ fork → M, the monitor-to-be: setsid, in the session user namespace S
//!   │          ├─ clone3(new namespaces) → I, the container's init
//!   │          │         I: overlay, /proc /dev /sys, pivot_root, masks, seccomp, capabilities → stub → execve
//!   │          └─ execve("coracle-monitor"): owns I's stdio, writes the log, serves attach, reaps I
//!   └─ is the first attach client of M (foreground) or prints the id (-d)
//! ```
//!
//! What other ways there are:
//!
//! - *A user namespace of the container's own* (`--userns keep-id`, `auto`, `nomap`, maps) is a child of S. M forks H, root of S, which
//!   makes the overlay and opens the sources of mounts, for which I has no rights any more, and passes them as descriptors; M writes I's maps.
//!   The image's files get their owners by a tree of metadata over the layers (`storage::shifted`), made once for each stack and map.
//! - *Restart.* When the rule says so, the monitor waits on its timer and executes `coracle internal restart` in its own process,
//!   which prepares the launch anew and becomes the monitor again: same pid, same listening socket, same clients.
//! - *Health checks* are timers of the monitor; each check is `coracle internal …`, an exec session whose result goes into `health.json`.
//! - *Exec* with a terminal or detached has a small monitor of its own, which keeps the exit code; else the CLI is the parent.
//! - *`cp`, `export`, `commit`, `diff`* look into a container from a child of S: in init's mount namespace where it runs, else in
//!   one of their own that ends with them (`runtime::view`).
//! - *Networks.* One network namespace N for each user, owned by S, holds the bridges and the way out (`net::session`). `netd`, a process of
//!   the same program that starts with the first bridged container and ends some seconds after the last, serves names and published
//!   ports (`net::netd`). A start gets from it a route socket of N, with which M makes the veth pairs; I gives its own ends their
//!   addresses (`runtime::interfaces`): no process more for a container. Monitors hold N, so a killed netd comes back to the same one.
//! - *Layers* are stacked by the kernel's overlay, by `fuse-overlayfs` where that is refused, or copied whole (`storage::driver`);
//!   which one a store does is tried once and written down.
//! - *`coracle oci`* drives `runtime::bundle`, a strict OCI runtime with states of its own, for other engines and for suites. The other
//!   way, `--runtime crun`, has another runtime make init (`runtime::external`); all else of a container stays ours.
//! - *Events* are lines that whoever acts appends to a journal; readers follow it by inotify.
//!
//! Where the design that this follows was changed, and why:
//!
//! - *No runtime process between M and I.* M makes I with `clone3` itself and then becomes the monitor by `execve`: I is M's child
//!   without `CLONE_PARENT`, and one fork of the big process is saved. I reports errors to the CLI on a close-on-exec pipe.
//! - *Liveness is in files, not in the database.* `containers/<id>/run.json` names the living processes (pid, start time, boot) and
//!   `exit.json` holds the end; both appear by rename. The monitor needs no SQLite, a killed command leaves nothing half
//!   written, and a reboot shows every container as exited because the boot id differs.
//! - *The last step is a stub.* I never calls `execve` on the user's program itself: it enters a program of a few hundred bytes in
//!   a sealed memfd, which does. So `/proc/self/exe`, also by way of `#!/proc/self/exe`, is never the tool's own binary.
//! - *The monitor removes a `--rm` container's folder itself*, being root in S; the row goes with the CLI, or with the next
//!   command if the CLI is gone. No helper is executed for it, but where a detached container had anonymous volumes: who else mounts
//!   those only the database knows, so the monitor becomes `coracle internal sweep` at its very end.
//! - *The runtime knows the monitor's arguments*, because M becomes the monitor at the end of `runtime::launch`.
//! - *Monitors keep the database's index in use.* Each holds a shared lock on one byte of SQLite's index file, so a command that
//!   finds a living container does not read the whole log anew.
//! - *The registry client is our own, on reqwest*; oci-client gives the names of the formats. Its client sends credentials to any
//!   realm, reads bodies of any length, follows redirects by itself and has no way to push a layer while it is made: none of that
//!   can be guarded from outside. The rules are in `image::registry::guard`.
//! - *The system call filter is assembled here*; libseccomp resolves the names. Its own compiler takes milliseconds, and a cache of its
//!   result would be one more file to trust.

pub mod cgroup;
pub mod cli;
pub mod config;
pub mod engine;
pub mod events;
pub mod image;
pub mod model;
pub mod monitor;
pub mod net;
pub mod runtime;
pub mod secret;
pub mod state;
pub mod storage;
pub mod sys;
pub mod userns;
