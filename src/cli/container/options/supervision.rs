//! What the monitor does: the log, the end, starting again.

use super::defaults::or;
use super::size::parse_size;
use crate::cli::error::CliError;
use crate::cli::given;
use crate::config::containers::Conf;
use crate::engine::container::create::CreateRequest;
use crate::model::{LogDriver, LogOptions, RestartPolicy, SdNotify, signal};
use clap::Args;
use std::io::IsTerminal as _;
use std::path::PathBuf;

/// Options about the time while a container runs.
#[derive(Debug, Args)]
pub(super) struct SupervisionOptions {
    /// The signal that `stop` sends
    #[arg(long, value_name = "SIGNAL")]
    stop_signal: Option<String>,
    /// How many seconds `stop` waits before it kills
    #[arg(long, value_name = "SECONDS")]
    stop_timeout: Option<u32>,
    /// Kill the container when it has run for so many seconds; 0 for never
    #[arg(long, value_name = "SECONDS")]
    timeout: Option<u32>,
    /// When to start it again after its end: no (also never), on-failure[:TIMES], always, unless-stopped
    #[arg(long, value_name = "POLICY")]
    restart: Option<String>,
    /// Where the output goes: k8s-file (also json-file), journald, none, passthrough (our own streams), passthrough-tty
    #[arg(long, value_name = "DRIVER")]
    log_driver: Option<String>,
    /// An option of the log driver: max-size=SIZE, max-file=NUMBER, path=FILE; for journald tag=TEXT, label=FIELD=TEXT
    #[arg(long, value_name = "NAME=VALUE")]
    log_opt: Vec<String>,
    /// Who tells systemd that the container is ready: container, conmon (this command), healthy (its health check), ignore
    #[arg(long, value_name = "WHO")]
    sdnotify: Option<String>,
    /// Write the pid that the container's first process has on this host to this file, at each start
    #[arg(long, value_name = "FILE")]
    pidfile: Option<PathBuf>,
    /// Write the pid of the container's monitor to this file
    #[arg(long, value_name = "FILE")]
    conmon_pidfile: Option<PathBuf>,
}

impl SupervisionOptions {
    pub(super) fn complete(&mut self, conf: &Conf) {
        self.stop_timeout = self.stop_timeout.or(conf.engine.stop_timeout);
        let (conf, given) = (&conf.containers, &mut self.log_opt);
        or(&mut self.log_driver, conf.log_driver.as_ref());
        let driver = self.log_driver.as_deref().unwrap_or("k8s-file");
        let has = |name: &str| given.iter().any(|text| text.split('=').next() == Some(name));
        let mut more = Vec::new();
        if let Some(size) =
            conf.log_size_max.filter(|size| *size > 0 && matches!(driver, "k8s-file" | "json-file") && !has("max-size"))
        {
            more.push(format!("max-size={size}"));
        }
        if let Some(tag) = conf.log_tag.as_ref().filter(|tag| !tag.is_empty() && driver == "journald" && !has("tag")) {
            more.push(format!("tag={tag}"));
        }
        given.extend(more);
    }

    /// Puts what was asked into the request.
    ///
    /// # Errors
    /// An option's text cannot be read.
    pub(super) fn apply(&self, request: &mut CreateRequest) -> Result<(), CliError> {
        request.stop_signal = given(self.stop_signal.as_ref()).map(parse_signal).transpose()?;
        request.stop_timeout = self.stop_timeout;
        request.log_driver = given(self.log_driver.as_ref()).map(log_driver).transpose()?;
        let supervision = &mut request.supervision;
        supervision.log = log_options(&self.log_opt)?;
        supervision.timeout = self.timeout.unwrap_or(0);
        supervision.restart = given(self.restart.as_ref()).map(parse_restart).transpose()?.unwrap_or_default();
        supervision.notify = given(self.sdnotify.as_ref()).map(sdnotify).transpose()?.unwrap_or_default();
        supervision.pidfile = absolute("--pidfile", self.pidfile.as_ref())?;
        supervision.conmon_pidfile = absolute("--conmon-pidfile", self.conmon_pidfile.as_ref())?;
        Ok(())
    }
}

fn absolute(option: &str, path: Option<&PathBuf>) -> Result<Option<PathBuf>, CliError> {
    let path = path.map(std::path::absolute).transpose();
    path.map_err(|error| CliError::Usage(format!("find the file of {option}: {error}")))
}

fn log_driver(text: &str) -> Result<LogDriver, CliError> {
    let all = [
        LogDriver::K8sFile,
        LogDriver::JsonFile,
        LogDriver::Journald,
        LogDriver::None,
        LogDriver::Passthrough,
        LogDriver::PassthroughTty,
    ];
    let driver = all.into_iter().find(|driver| driver.as_str() == text).ok_or_else(|| {
        let known = all.map(LogDriver::as_str).join(", ");
        CliError::Usage(format!("log driver {text:?} is not known: choose one of {known}"))
    })?;
    let (stdin, stdout, stderr) = (std::io::stdin(), std::io::stdout(), std::io::stderr());
    if driver == LogDriver::Passthrough && (stdin.is_terminal() || stdout.is_terminal() || stderr.is_terminal()) {
        let mend = "use --log-driver passthrough-tty, or redirect input and output";
        return Err(CliError::Usage(format!("the log driver passthrough cannot be used on a TTY ({mend})")));
    }
    Ok(driver)
}

fn log_options(given: &[String]) -> Result<LogOptions, CliError> {
    let mut options = LogOptions::default();
    for text in given {
        let bad = |why: &str| CliError::Usage(format!("invalid --log-opt {text:?}: {why}"));
        let (name, value) = text.split_once('=').ok_or_else(|| bad("write NAME=VALUE"))?;
        match name {
            "max-size" => {
                options.max_size = match value {
                    "-1" => 0,
                    _ => parse_size(value).filter(|size| *size > 0).ok_or_else(|| bad("write a size like 10mb"))?,
                }
            }
            "max-file" => {
                let files = value.parse().ok().filter(|files| (1..=1000).contains(files));
                options.max_files = files.ok_or_else(|| bad("write a number from 1 to 1000"))?;
            }
            "path" => options.path = Some(PathBuf::from(value)),
            "tag" => value.clone_into(&mut options.tag),
            "label" => {
                let field = value.split_once('=').map(|(field, _)| field).unwrap_or_default();
                if !is_journal_field(field) {
                    return Err(bad("write label=FIELD=TEXT; a field is made of A-Z, 0-9 and _, and begins with a letter"));
                }
                options.labels.push(value.to_owned());
            }
            _ => return Err(bad("the options are max-size, max-file, path, tag and label")),
        }
    }
    Ok(options)
}

/// Names of fields that the journal takes from its clients (systemd.journal-fields(7)).
fn is_journal_field(name: &str) -> bool {
    let good = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_';
    name.len() <= 64 && name.starts_with(|first: char| first.is_ascii_uppercase()) && name.chars().all(good)
}

/// Reads a restart policy.
///
/// # Errors
/// It is none.
pub(in crate::cli::container) fn parse_restart(text: &str) -> Result<RestartPolicy, CliError> {
    RestartPolicy::parse(text).ok_or_else(|| {
        CliError::Usage(format!(
            "invalid restart policy {text:?}: choose no, on-failure, on-failure:TIMES, always or unless-stopped"
        ))
    })
}

fn sdnotify(text: &str) -> Result<SdNotify, CliError> {
    let all = [SdNotify::Container, SdNotify::Conmon, SdNotify::Healthy, SdNotify::Ignore];
    all.into_iter()
        .find(|who| who.as_str() == text)
        .ok_or_else(|| CliError::Usage(format!("invalid --sdnotify {text:?}: choose container, conmon, healthy or ignore")))
}

/// Reads a signal's name or number.
///
/// # Errors
/// It is none.
pub(in crate::cli::container) fn parse_signal(text: &str) -> Result<i32, CliError> {
    signal::parse(text)
        .ok_or_else(|| CliError::Usage(format!("invalid signal {text:?}: use a name like TERM or a number from 1 to 64")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn log_options_are_read_and_what_is_none_is_refused() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let given = words(&["max-size=10kb", "max-file=3", "path=/x", "tag=t", "label=TEAM=a b"]);
        let expected =
            LogOptions { max_size: 10_000, max_files: 3, path: Some("/x".into()), tag: "t".into(), labels: words(&["TEAM=a b"]) };
        assert_eq!(log_options(&given).expect("good"), expected);
        for bad in ["max-size", "max-size=x", "max-size=0", "max-file=0", "label=team=x", "label=_X=1", "compress=true"] {
            assert!(log_options(&words(&[bad])).is_err(), "{bad}");
        }
    }
}
