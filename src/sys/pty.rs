//! The terminal of the user: raw mode that ends on every way out, and its size.

use rustix::termios::{OptionalActions, Termios, isatty, tcgetattr, tcgetwinsize, tcsetattr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, Once, PoisonError};

/// The terminal that is in raw mode, for the panic hook: with `panic = "abort"` no destructor runs.
static RAW: Mutex<Option<(OwnedFd, Termios)>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// A terminal in raw mode; dropping it restores the mode that it had. One at a time.
#[derive(Debug)]
pub struct RawTerminal {
    terminal: OwnedFd,
    before: Termios,
}

impl RawTerminal {
    /// Puts a terminal into raw mode: no echo, no line editing, no signals from keys.
    ///
    /// # Errors
    /// The descriptor is no terminal.
    pub fn enter(terminal: BorrowedFd<'_>) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let raw = Self { terminal: terminal.try_clone_to_owned()?, before };
        HOOK.call_once(|| {
            let next = std::panic::take_hook();
            std::panic::set_hook(Box::new(move |info| {
                if let Some((terminal, before)) = RAW.try_lock().ok().and_then(|mut raw| raw.take()) {
                    let _ = tcsetattr(&terminal, OptionalActions::Now, &before);
                }
                next(info);
            }));
        });
        let for_hook = (raw.terminal.try_clone()?, raw.before.clone());
        *RAW.lock().unwrap_or_else(PoisonError::into_inner) = Some(for_hook);
        raw.again()?;
        Ok(raw)
    }

    /// Puts it into raw mode again: after a stop the shell has restored its own mode.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn again(&self) -> io::Result<()> {
        let mut mode = self.before.clone();
        mode.make_raw();
        tcsetattr(&self.terminal, OptionalActions::Now, &mode).map_err(io::Error::from)
    }

    /// Restores the mode that the terminal had.
    pub fn leave(&self) {
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
    }
}

impl Drop for RawTerminal {
    fn drop(&mut self) {
        self.leave();
        RAW.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// Returns a terminal's rows and columns; nothing where it is no terminal.
#[must_use]
pub fn size(terminal: impl AsFd) -> Option<(u16, u16)> {
    tcgetwinsize(terminal).ok().map(|size| (size.ws_row, size.ws_col))
}

/// Tells whether the descriptor is a terminal.
#[must_use]
pub fn is_terminal(fd: impl AsFd) -> bool {
    isatty(fd)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, unlockpt};
    use rustix::termios::LocalModes;

    #[test]
    fn raw_mode_ends_with_its_guard() {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).expect("openpt");
        grantpt(&master).expect("grantpt");
        unlockpt(&master).expect("unlockpt");
        let slave = ioctl_tiocgptpeer(&master, flags).expect("peer");
        let echoes = || tcgetattr(&slave).expect("mode").local_modes.contains(LocalModes::ECHO | LocalModes::ICANON);
        assert!(echoes());
        let raw = RawTerminal::enter(slave.as_fd()).expect("raw");
        assert!(!echoes());
        raw.leave();
        assert!(echoes());
        raw.again().expect("again");
        assert!(!echoes());
        drop(raw);
        assert!(echoes());
        assert!(RawTerminal::enter(std::fs::File::open("/dev/null").expect("null").as_fd()).is_err());
    }
}
