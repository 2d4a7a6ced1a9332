//! `coracle top`.

use super::targets::{one, open_engine};
use crate::cli::error::CliError;
use crate::cli::ui;
use crate::engine::container::top::TopReport;
use clap::Args;

/// Show the processes of a running container
///
/// Columns: args, capamb, capbnd, capeff, capinh, capprm, comm, etime, group, groups, hgroup, hgroups, hpid, huser, label, nice, pcpu,
/// pgid, pid, ppid, rgroup, rss, ruser, seccomp, state, stime, time, tty, uid, user, vsz, or AIX descriptors (%U, %p, …). Other
/// words are arguments of the container's own ps.
#[derive(Debug, Args)]
pub struct TopArgs {
    /// The container made last; then every word is a column
    #[arg(short, long)]
    latest: bool,
    /// Name or id, then columns or arguments of ps
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "CONTAINER [COLUMN…]")]
    words: Vec<String>,
}

/// Prints the processes.
///
/// # Errors
/// The container is not known or does not run.
pub fn run(args: &TopArgs) -> Result<i32, CliError> {
    let mut engine = open_engine()?;
    let (name, columns) = match args.words.split_first() {
        _ if args.latest => (None, &args.words[..]),
        Some((name, columns)) => (Some(name.as_str()), columns),
        None => (None, &[][..]),
    };
    let target = one(&engine, name, args.latest)?;
    match engine.top(&target.config, columns)? {
        TopReport::Table { heads, rows } => {
            ui::out(ui::table(&heads, &rows))?;
            Ok(0)
        }
        TopReport::Text { text, code } => {
            ui::out(text)?;
            Ok(code)
        }
    }
}
