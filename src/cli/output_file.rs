//! A file that a command makes: it appears whole or not at all.

use super::error::CliError;
use rustix::fs::{AtFlags, CWD, Mode, OFlags};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd};
use std::path::{Path, PathBuf};

/// A file on its way. Dropped before [`OutputFile::keep`], it leaves nothing behind, and what was there before stays.
#[derive(Debug)]
pub struct OutputFile {
    file: File,
    path: PathBuf,
    form: Form,
}

#[derive(Debug)]
enum Form {
    /// Not in any folder yet.
    Nameless,
    /// Beside its place, under another name.
    Beside(PathBuf),
    /// A pipe or a device: written to as it is.
    Itself,
}

impl OutputFile {
    /// Begins a file with the caller's umask. To be called before the store is opened, which changes that.
    ///
    /// # Errors
    /// There is no such folder, or nothing may be made in it.
    pub fn begin(path: &Path) -> Result<Self, CliError> {
        Self::open(path).map_err(|source| CliError::File { path: path.to_owned(), source })
    }

    fn open(path: &Path) -> io::Result<Self> {
        // A link stays a link; what it leads to is replaced.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        if std::fs::metadata(&path).is_ok_and(|meta| !meta.is_file()) {
            let file = OpenOptions::new().write(true).open(&path)?;
            return Ok(Self { file, path, form: Form::Itself });
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let flags = OFlags::WRONLY | OFlags::TMPFILE | OFlags::CLOEXEC;
        match rustix::fs::open(folder, flags, Mode::from_raw_mode(0o666)) {
            Ok(fd) => Ok(Self { file: File::from(fd), path, form: Form::Nameless }),
            // A file system that cannot do that, or a kernel that does not know it.
            Err(rustix::io::Errno::OPNOTSUPP | rustix::io::Errno::ISDIR | rustix::io::Errno::INVAL) => {
                let beside = beside(&path);
                let file = OpenOptions::new().write(true).create_new(true).open(&beside)?;
                Ok(Self { file, path, form: Form::Beside(beside) })
            }
            Err(errno) => Err(errno.into()),
        }
    }

    /// Writes to the file.
    ///
    /// # Errors
    /// The disk is full, or the like.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        io::Write::write_all(&mut self.file, bytes).map_err(|source| CliError::File { path: self.path.clone(), source })
    }

    /// Writes all there is to write, and puts the file at its place.
    ///
    /// # Errors
    /// The disk is full, or the like.
    pub fn write_and_keep(mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.write(bytes)?;
        self.keep()
    }

    /// Puts the file at its place.
    ///
    /// # Errors
    /// It cannot be put there.
    pub fn keep(mut self) -> Result<(), CliError> {
        self.put().map_err(|source| CliError::File { path: self.path.clone(), source })
    }

    fn put(&mut self) -> io::Result<()> {
        if let Form::Nameless = self.form {
            // A link cannot replace a file, a rename can.
            let beside = beside(&self.path);
            let own = format!("/proc/self/fd/{}", self.file.as_raw_fd());
            rustix::fs::linkat(CWD, &own, CWD, &beside, AtFlags::SYMLINK_FOLLOW)?;
            self.form = Form::Beside(beside);
        }
        if let Form::Beside(beside) = &self.form {
            std::fs::rename(beside, &self.path)?;
            self.form = Form::Itself;
        }
        Ok(())
    }
}

impl AsFd for OutputFile {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Form::Beside(beside) = &self.form {
            let _ = std::fs::remove_file(beside);
        }
    }
}

/// A name that nobody else uses, in the same folder.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = std::ffi::OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.part", std::process::id()));
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<std::ffi::OsString> {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("out");
        std::fs::write(&path, "old").unwrap();
        let mut output = OutputFile::begin(&path).unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert_eq!(std::fs::read(&path).unwrap(), b"old");
        let mut output = OutputFile::begin(&path).unwrap();
        output.write(b"new").unwrap();
        output.keep().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(temp.path()), ["out"]);
        assert!(OutputFile::begin(&temp.path().join("no/such")).is_err());
        OutputFile::begin(Path::new("/dev/null")).unwrap().keep().unwrap();
        // A folder has come to its place meanwhile.
        let output = OutputFile::begin(&temp.path().join("late")).unwrap();
        std::fs::create_dir(temp.path().join("late")).unwrap();
        assert!(output.keep().is_err());
        assert_eq!(names(temp.path()).len(), 2);
    }
}
