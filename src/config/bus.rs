//! Where the user's systemd and D-Bus listen.

use super::env;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::path::PathBuf;

/// A socket that systemd's user manager can be reached by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusAddress {
    /// The manager itself: no bus is needed (a server without dbus-user-session), and one process fewer takes part.
    Manager(PathBuf),
    /// The session bus.
    Bus(PathBuf),
}

impl BusAddress {
    /// Tells whether there is a socket.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let (Self::Manager(path) | Self::Bus(path)) = self;
        path.exists()
    }
}

/// Returns the sockets to try, best first: those below `XDG_RUNTIME_DIR`, the bus that `DBUS_SESSION_BUS_ADDRESS` names, and those
/// below `/run/user/UID`, which `su` and `sudo` do not tell of. Whether they are there is not looked at.
#[must_use]
pub fn user_manager() -> Vec<BusAddress> {
    let uid = rustix::process::getuid().as_raw();
    candidates(env::absolute_path("XDG_RUNTIME_DIR"), env::var("DBUS_SESSION_BUS_ADDRESS").as_deref(), uid)
}

fn candidates(runtime: Option<PathBuf>, address: Option<&str>, uid: u32) -> Vec<BusAddress> {
    let fixed = PathBuf::from(format!("/run/user/{uid}"));
    let mut list = Vec::new();
    let mut add = |one| {
        if !list.contains(&one) {
            list.push(one);
        }
    };
    let folders: Vec<PathBuf> = runtime.into_iter().chain([fixed]).collect();
    for folder in &folders {
        add(BusAddress::Manager(folder.join("systemd/private")));
    }
    for path in address.into_iter().flat_map(|text| text.split(';')).filter_map(unix_path) {
        add(BusAddress::Bus(path));
    }
    for folder in &folders {
        add(BusAddress::Bus(folder.join("bus")));
    }
    list
}

/// The path of `unix:path=…,guid=…`; `%xx` stands for a byte (D-Bus specification, "Server Addresses").
fn unix_path(address: &str) -> Option<PathBuf> {
    let value = address.strip_prefix("unix:")?.split(',').find_map(|pair| pair.strip_prefix("path="))?;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    Some(PathBuf::from(OsString::from_vec(bytes))).filter(|path| path.is_absolute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tried_from_the_nearest() {
        let manager = |path: &str| BusAddress::Manager(path.into());
        let bus = |path: &str| BusAddress::Bus(path.into());
        assert_eq!(candidates(None, None, 7), [manager("/run/user/7/systemd/private"), bus("/run/user/7/bus")]);
        assert_eq!(
            candidates(Some("/r".into()), Some("tcp:host=x;unix:guid=1,path=/a%20b"), 7),
            [
                manager("/r/systemd/private"),
                manager("/run/user/7/systemd/private"),
                bus("/a b"),
                bus("/r/bus"),
                bus("/run/user/7/bus")
            ]
        );
    }

    #[test]
    fn other_transports_have_no_path() {
        for text in ["unix:abstract=/x", "tcp:host=a", "unix:path=rel", "unix:path=/a%2", ""] {
            assert_eq!(unix_path(text), None, "{text}");
        }
    }
}
