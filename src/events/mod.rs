//! The journal of events: what happened to containers, images, volumes and secrets.
//!
//! ```text
//! <data>/events/              made with the first event
//!   journal                   one JSON object a line, fields as in Podman's file backend; appended to, never rewritten
//!   journal.1                 what was the journal before it came to its bound
//! ```
//!
//! # Theory of operation
//!
//! Who sees something happen says so itself: the command that did it, the monitor for the end of its container. An event is one
//! `write` to a file opened with `O_APPEND`, so lines of several writers never mix and nobody waits for a lock. Nothing is synced:
//! an event that a power cut takes is no state of ours. A journal that has come to its bound is renamed by whoever gets
//! its lock without waiting; a writer that had it open before writes its line to the renamed file, so a reader that follows keeps
//! that one open, too.
//!
//! Nobody fails for want of the journal: an event that cannot be written (a full disk) is lost.

pub mod follow;
pub mod read;
pub mod write;

pub use follow::Follower;
pub use read::Record;
pub use write::{Event, Subject, append};

/// The file in a container's folder that holds what the journal calls it (`Subject::as_str`) since it was renamed: its monitor was
/// told the name of its start.
pub const RENAMED: &str = "subject";

/// The file that is written to.
const JOURNAL: &str = "journal";
/// The one before.
const OLDER: &str = "journal.1";

/// Makes an enum whose values have Podman's words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($value:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($value,)* }

        impl $name {
            /// Returns Podman's word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$value => $word,)* }
            }
        }
    };
}

words! {
    /// What an event is about.
    Type {
        Container = "container",
        Image = "image",
        Network = "network",
        Secret = "secret",
        System = "system",
        Volume = "volume",
    }
}

words! {
    /// What happened.
    Status {
        Attach = "attach",
        Commit = "commit",
        Connect = "connect",
        Create = "create",
        Died = "died",
        Disconnect = "disconnect",
        Exec = "exec",
        ExecDied = "exec_died",
        Export = "export",
        HealthStatus = "health_status",
        Import = "import",
        Init = "init",
        Kill = "kill",
        Load = "loadfromarchive",
        Mount = "mount",
        Pause = "pause",
        Prune = "prune",
        Pull = "pull",
        Push = "push",
        Remove = "remove",
        Rename = "rename",
        Restart = "restart",
        Save = "save",
        Start = "start",
        Stop = "stop",
        Sync = "sync",
        Tag = "tag",
        Unmount = "unmount",
        Unpause = "unpause",
        Untag = "untag",
        Update = "update",
    }
}
