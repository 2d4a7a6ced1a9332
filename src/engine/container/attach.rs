//! temp
use crate::config::Paths;
use crate::model::{ContainerId, PidRef};
use crate::monitor::protocol::MonitorMessage;
use std::io::Write as _;
use std::os::fd::OwnedFd;
#[derive(Debug, thiserror::Error)]
pub enum AttachError {
    #[error("x")]
    Io(#[from] std::io::Error),
}
pub enum RelayEnd {
    Detached,
    Exited(i32),
    MonitorGone,
}
pub struct RelayOptions;
pub fn relay_options(_: Option<PidRef>) -> RelayOptions {
    RelayOptions
}
pub fn connect(_: &Paths, _: &ContainerId) -> Result<OwnedFd, AttachError> {
    Err(std::io::Error::other("no"))?
}
pub fn wait_exit(_: OwnedFd) -> Result<Option<i32>, AttachError> {
    Ok(None)
}
pub fn parse_detach_keys(_: Option<&str>) -> Result<(), AttachError> {
    Ok(())
}
pub fn relay(s: OwnedFd, _: RelayOptions) -> Result<RelayEnd, AttachError> {
    let mut buf = vec![0u8; 40000];
    let mut code = None;
    loop {
        let n = rustix::io::read(&s, &mut buf).map_err(std::io::Error::from)?;
        if n == 0 {
            return Ok(code.map_or(RelayEnd::MonitorGone, RelayEnd::Exited));
        }
        match MonitorMessage::decode(&buf[..n]) {
            Some(MonitorMessage::Stdout(b)) => {
                std::io::stdout().write_all(b)?;
                std::io::stdout().flush()?;
            }
            Some(MonitorMessage::Stderr(b)) => {
                std::io::stderr().write_all(b)?;
            }
            Some(MonitorMessage::Exit(c)) => {
                code = Some(c);
            }
            None => {}
        }
    }
}
pub fn relay_pty(m: OwnedFd, _: &OwnedFd, _: bool, _: ()) -> Result<RelayEnd, AttachError> {
    let mut f = std::fs::File::from(m);
    let _ = std::io::copy(&mut f, &mut std::io::stdout());
    Ok(RelayEnd::Exited(0))
}
pub fn relay_pipes(i: Option<OwnedFd>, o: OwnedFd, e: OwnedFd, _: &OwnedFd) -> Result<RelayEnd, AttachError> {
    drop(i);
    std::io::copy(&mut std::fs::File::from(o), &mut std::io::stdout())?;
    std::io::copy(&mut std::fs::File::from(e), &mut std::io::stderr())?;
    Ok(RelayEnd::Exited(0))
}
