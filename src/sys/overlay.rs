//! Layers stacked into one tree: by the kernel's overlay, or by a program that speaks FUSE.
//!
//! The calling process has a mount namespace of its own and rights over it. Paths may be relative to its working directory.
//!
//! # The program
//!
//! The mount is made here, detached, and the program gets nothing but the descriptor of `/dev/fuse` that belongs to it (libfuse takes
//! `/dev/fd/N` for a mount point that is mounted already). So it lives as long as the mount: when the last mount namespace
//! that has it is gone, the kernel ends the connection, and the program ends. Nobody has to stop it, whoever was killed.

use super::mount::{self, Attributes, Parameter};
use super::{clone, exec, fd};
use rustix::fs::{Mode, OFlags};
use rustix::mount::{MountFlags, UnmountFlags};
use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

/// The folders of a stack.
#[derive(Clone, Debug, Default)]
pub struct Stack<'a> {
    /// Topmost first; not empty.
    pub lowers: Vec<&'a str>,
    /// Folders that the lowest of `lowers` takes the contents of its files from, topmost first (data-only layers, Linux 6.16).
    pub data: Vec<&'a str>,
    /// The writable layer and its work folder; without them the stack cannot be written to.
    pub upper: Option<(&'a str, &'a str)>,
    /// Nothing of the upper layer has to survive a crash.
    pub volatile: bool,
}

/// Longer options do not fit the page that mount(2) copies.
const MAX_OPTIONS: usize = 4000;

/// Stacks the layers by the kernel's overlay; returns a detached mount.
///
/// # Errors
/// The kernel refuses: in this user namespace, on this file system, or because a folder is not there.
pub fn mount(stack: &Stack<'_>, attributes: Attributes) -> io::Result<OwnedFd> {
    let mut parameters: Vec<Parameter<'_>> = vec![Parameter::Flag("userxattr")];
    // lowerdir+ takes one layer at a time, so any number of layers fits.
    parameters.extend(stack.lowers.iter().map(|lower| Parameter::Value("lowerdir+", lower)));
    parameters.extend(stack.data.iter().map(|data| Parameter::Value("datadir+", data)));
    if let Some((upper, work)) = stack.upper {
        parameters.extend([Parameter::Value("upperdir", upper), Parameter::Value("workdir", work)]);
    }
    if stack.volatile {
        parameters.push(Parameter::Flag("volatile"));
    }
    match mount::new_filesystem("overlay", &parameters, attributes) {
        // Before Linux 6.5 there is no lowerdir+; nor are there data-only layers for us.
        Err(error) if error.raw_os_error() == Some(libc::EINVAL) && stack.data.is_empty() => {
            older_kernel(stack, attributes).map_err(|_| error)
        }
        done => done,
    }
}

/// By mount(2), as fsconfig(2) takes at most 255 bytes for a value, in which all lower layers would have to be.
fn older_kernel(stack: &Stack<'_>, attributes: Attributes) -> io::Result<OwnedFd> {
    let held;
    let mut options = options(stack, &stack.lowers)?;
    if options.len() > MAX_OPTIONS {
        let open = |lower: &&str| rustix::fs::open(*lower, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        held = stack.lowers.iter().map(open).collect::<Result<Vec<_>, _>>()?;
        let short: Vec<String> = held.iter().map(|fd| format!("/proc/self/fd/{}", fd.as_raw_fd())).collect();
        options = self::options(stack, &short.iter().map(String::as_str).collect::<Vec<_>>())?;
    }
    let options = CString::new(format!("userxattr,{options}"))?;
    // Any folder that is there: the mount is taken away from it again.
    let place = stack.upper.map_or(stack.lowers[0], |(_, work)| work);
    rustix::mount::mount("overlay", place, "overlay", MountFlags::empty(), Some(options.as_c_str()))?;
    let copy = mount::clone_tree(Path::new(place), false);
    rustix::mount::unmount(place, UnmountFlags::DETACH)?;
    let copy = copy?;
    mount::set_attributes(copy.as_fd(), attributes, Attributes::empty(), false)?;
    Ok(copy)
}

/// Stacks the layers by a program that takes the options of `fuse-overlayfs`; returns a detached mount.
///
/// The caller is single-threaded, and no process of a container: the program has the same rights.
///
/// # Errors
/// There is no `/dev/fuse`, or the program cannot be executed or ends at once.
pub fn mount_by(program: &Path, stack: &Stack<'_>, attributes: Attributes) -> io::Result<OwnedFd> {
    let options = options(stack, &stack.lowers)?;
    let device = rustix::fs::open("/dev/fuse", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    let number = device.as_raw_fd().to_string();
    let parameters = [
        Parameter::Value("fd", &number),
        Parameter::Value("rootmode", "40000"),
        Parameter::Value("user_id", "0"),
        Parameter::Value("group_id", "0"),
        // Others than root of this namespace get in, and the kernel itself looks after permissions.
        Parameter::Flag("allow_other"),
        Parameter::Flag("default_permissions"),
    ];
    let mounted = mount::new_filesystem("fuse", &parameters, attributes)?;
    let argv = [program.as_os_str().as_bytes(), b"-f", b"-o", options.as_bytes(), format!("/dev/fd/{number}").as_bytes()]
        .iter()
        .map(|word| CString::new(*word))
        .collect::<Result<Vec<_>, _>>()?;
    // It is nobody's to wait for: it ends with the mount.
    drop(clone::spawn(clone::CloneFlags::empty(), None, || {
        let _ = become_program(program, &argv, &device);
        127
    })?);
    drop(device);
    // An answer, or that nobody is there to give it: the program holds the only descriptor.
    rustix::fs::openat(&mounted, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    Ok(mounted)
}

fn become_program(program: &Path, argv: &[CString], device: &OwnedFd) -> io::Result<std::convert::Infallible> {
    let null = rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
    for number in 0..3 {
        fd::become_stdio(&null, number)?;
    }
    // A signal from the terminal is not for it.
    rustix::process::setsid()?;
    rustix::process::umask(Mode::empty());
    fd::close_all_but(&[device.as_fd()])?;
    fd::keep_on_exec(device)?;
    super::process::default_signals();
    Err(exec::execve(program, argv, &[]))
}

/// The options that mount(2) and the program take alike.
fn options(stack: &Stack<'_>, lowers: &[&str]) -> io::Result<String> {
    let folders = stack.upper.iter().flat_map(|(upper, work)| [upper, work]).chain(lowers);
    if folders.clone().any(|folder| folder.contains([':', ',', '\\'])) {
        return Err(io::Error::other("a path holds a colon, a comma or a backslash"));
    }
    let mut options = format!("lowerdir={}", lowers.join(":"));
    if let Some((upper, work)) = stack.upper {
        options += &format!(",upperdir={upper},workdir={work}");
    }
    if stack.volatile {
        options += ",volatile";
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_name_the_folders_in_their_order_and_refuse_what_would_split_them() {
        let stack = Stack { lowers: vec!["b", "a"], upper: Some(("u", "w")), volatile: true, ..Stack::default() };
        assert_eq!(options(&stack, &stack.lowers).expect("good"), "lowerdir=b:a,upperdir=u,workdir=w,volatile");
        let bad = Stack { lowers: vec!["b,c"], ..Stack::default() };
        options(&bad, &bad.lowers).expect_err("a comma");
    }
}
