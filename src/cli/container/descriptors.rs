//! Open descriptors of the caller's that a program in a container gets.

use crate::cli::error::CliError;
use crate::config::env;
use crate::engine::Handed;
use crate::sys::inherit::adopt;
use clap::Args;
use std::os::fd::OwnedFd;

/// Descriptors beside the standard streams.
#[derive(Debug, Args)]
pub(super) struct Preserve {
    /// Pass this many open descriptors on to the container, from 3 up
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    preserve_fds: u16,
    /// Pass these open descriptors on to the container, under their numbers
    #[arg(long, value_name = "LIST", value_delimiter = ',')]
    preserve_fd: Vec<u16>,
}

impl Preserve {
    /// Takes over what was asked for. To be called before anything is opened: what we open ourselves could take the number of a
    /// descriptor that is not open.
    ///
    /// # Errors
    /// One of them is not open, or is a standard stream.
    pub(super) fn take(&self) -> Result<Vec<(i32, OwnedFd)>, CliError> {
        let more = self.preserve_fd.iter().map(|number| i32::from(*number));
        let mut numbers: Vec<i32> = (3..3 + i32::from(self.preserve_fds)).chain(more).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if let Some(number) = numbers.first().filter(|number| **number < 3) {
            return Err(CliError::Usage(format!("--preserve-fd {number}: the descriptors 0 to 2 are passed on anyway")));
        }
        adopt_all(numbers)
    }

    /// The same for a container that is started; what a service manager listens on comes where nothing was asked for, as in Podman.
    ///
    /// # Errors
    /// As [`Preserve::take`], and `LISTEN_FDS` is no number.
    pub(super) fn take_or_listening(&self) -> Result<Handed, CliError> {
        match self.take()? {
            none if none.is_empty() => listening(),
            descriptors => Ok(Handed { descriptors, listening: None }),
        }
    }
}

/// Takes over the sockets that a service manager has opened for this very process (sd_listen_fds(3)). To be called before anything is
/// opened.
///
/// # Errors
/// `LISTEN_FDS` is no number, or says more than there is.
pub(super) fn listening() -> Result<Handed, CliError> {
    let own = std::process::id().to_string();
    let (Some(pid), Some(count)) = (env::var("LISTEN_PID"), env::var("LISTEN_FDS")) else { return Ok(Handed::default()) };
    if pid != own {
        return Ok(Handed::default());
    }
    let bad = || CliError::Usage(format!("LISTEN_FDS={count}: write the number of descriptors that are passed, from 3 up"));
    let count = count.parse::<u8>().map_err(|_| bad())?;
    let descriptors = adopt_all((3..3 + i32::from(count)).collect())?;
    Ok(Handed { descriptors, listening: Some(env::var("LISTEN_FDNAMES").unwrap_or_default()) })
}

/// Takes over what an OCI runtime is given: `count` descriptors from 3 up, and behind them the sockets of a service manager, which are
/// named by `LISTEN_FDS` alone: the process that they were opened for is the container's. Those that are not open are left out, as
/// callers name more than they have.
pub(in crate::cli) fn handed_to_runtime(count: u16) -> Handed {
    let sockets = env::var("LISTEN_FDS").and_then(|count| count.parse::<u16>().ok()).unwrap_or(0);
    let listening = (sockets > 0).then(|| env::var("LISTEN_FDNAMES").unwrap_or_default());
    let numbers = 3..3 + i32::from(count.saturating_add(sockets));
    let descriptors = numbers.filter_map(|number| Some((number, adopt(number).ok()?))).collect();
    Handed { descriptors, listening }
}

fn adopt_all(numbers: Vec<i32>) -> Result<Vec<(i32, OwnedFd)>, CliError> {
    let take = |number: i32| {
        let fd = adopt(number).map_err(|error| CliError::Usage(format!("pass descriptor {number} on: {error} (is it open?)")))?;
        Ok((number, fd))
    };
    numbers.into_iter().map(take).collect()
}
