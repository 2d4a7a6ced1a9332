//! `top`: the processes of a container, read from `/proc` from outside, so that the container needs no `ps`.

mod descriptor;
mod process;
mod users;

use super::ContainerError;
use super::exec::{ExecRequest, ExecStreams};
use crate::engine::{Engine, EngineError};
use crate::model::{ContainerConfig, RunRecord, Status};
use descriptor::Descriptor;
use process::Snapshot;
use std::fs::File;
use std::io::Read as _;

/// What is known about the processes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopReport {
    /// The columns that were asked for.
    Table { heads: Vec<&'static str>, rows: Vec<Vec<String>> },
    /// What the container's own `ps` has printed, and its exit code.
    Text { text: String, code: i32 },
}

impl Engine {
    /// Lists the processes of a running container. `words` are AIX descriptors or their names, also several in one word with commas
    /// between; none: Podman's columns. Words that are not all descriptors are taken for the arguments of `ps` in the
    /// container.
    ///
    /// # Errors
    /// The container does not run, or its `ps` cannot be executed.
    pub fn top(&mut self, config: &ContainerConfig, words: &[String]) -> Result<TopReport, EngineError> {
        let state = self.status(config);
        let status = state.status;
        let cannot = "top can only be used on running containers";
        let wrong = || ContainerError::WrongState { name: config.name.clone(), status, cannot };
        let run = state.run.filter(|_| status == Status::Running).ok_or_else(wrong)?;
        match descriptor::parse(words) {
            Some(columns) => Ok(table(&run, &columns)),
            None => self.own_ps(config, words),
        }
    }

    fn own_ps(&mut self, config: &ContainerConfig, words: &[String]) -> Result<TopReport, EngineError> {
        let mut command = vec!["ps".to_owned()];
        command.extend(words.iter().cloned());
        let request = ExecRequest { command, user: Some("0".to_owned()), ..ExecRequest::default() };
        let session = self.exec(config, &request)?;
        let own = process::inner_pid(session.child.pid);
        let mut output = Vec::new();
        if let ExecStreams::Pipes { stdout, stderr, .. } = session.streams {
            let read = |source| EngineError::Wait { source };
            // ps says little on stderr: no pipe is full before it ends.
            File::from(stdout).read_to_end(&mut output).map_err(read)?;
            File::from(stderr).read_to_end(&mut output).map_err(read)?;
        }
        let code = session.child.wait().map_err(|source| EngineError::Wait { source })?;
        self.exec_ended(config, code);
        let text = String::from_utf8_lossy(&output);
        Ok(TopReport::Text { text: own.map_or_else(|| text.clone().into_owned(), |pid| without(&text, pid)), code })
    }
}

/// Reads what `/proc` and a container's files say, as for a process of it, and returns its row. Nothing is looked at: this is for tests/fuzz.
#[doc(hidden)]
#[must_use]
pub fn row_of(texts: [&[u8]; 4]) -> Option<Vec<String>> {
    let [stat, status, map, names] = texts;
    Some(vec![process::described(stat, status)?, users::described(&String::from_utf8_lossy(map), names)])
}

fn table(run: &RunRecord, columns: &[Descriptor]) -> TopReport {
    let snapshot = Snapshot::of(run);
    let rows = snapshot.processes.iter().map(|process| columns.iter().map(|column| column.cell(process, &snapshot)).collect());
    TopReport::Table { heads: columns.iter().map(|column| column.head()).collect(), rows: rows.collect() }
}

/// Leaves out the line of a process: ps itself is none of the container's. Where there is no column PID, all lines stay.
fn without(text: &str, pid: i32) -> String {
    let column = text.lines().next().and_then(|heads| heads.split_whitespace().position(|head| head == "PID"));
    let Some(column) = column else { return text.to_owned() };
    let is_own = |line: &str| line.split_whitespace().nth(column).and_then(|word| word.parse().ok()) == Some(pid);
    text.lines().filter(|line| !is_own(line)).map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ps_does_not_show_itself() {
        let text = "PID   USER     COMMAND\n    1 root     sleep 1000\n   17 root     ps\n  170 root     x\n";
        assert_eq!(without(text, 17), "PID   USER     COMMAND\n    1 root     sleep 1000\n  170 root     x\n");
        assert_eq!(without("no heads\n17\n", 17), "no heads\n17\n");
    }
}
