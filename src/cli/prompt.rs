//! Questions on a terminal.

use super::error::CliError;
use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

/// Control-C and control-D as a terminal sends them.
const INTERRUPT: u8 = 3;
const END: u8 = 4;
/// Control-U, which takes the line back.
const ERASE_LINE: u8 = 21;

/// Asks for a line on standard error and reads it from standard input.
///
/// # Errors
/// Standard input cannot be read, or has ended.
pub fn line(question: &str) -> Result<String, CliError> {
    let _ = write!(io::stderr().lock(), "{question}");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer).map_err(|error| CliError::Usage(format!("read the answer: {error}")))?;
    if read == 0 {
        return Err(CliError::Usage("standard input ended before an answer came".to_owned()));
    }
    Ok(answer.trim_end_matches(['\n', '\r']).to_owned())
}

/// Asks for a secret on the user's terminal, without showing it. `otherwise` is the option that gives it without a terminal.
///
/// # Errors
/// There is no terminal, or the user breaks off.
pub fn secret(question: &str, otherwise: &str) -> Result<String, CliError> {
    let none = |_| CliError::Usage(format!("there is no terminal to ask for the password on (use {otherwise})"));
    let terminal = File::options().read(true).write(true).open("/dev/tty").map_err(none)?;
    let failed = |error: io::Error| CliError::Usage(format!("read the password: {error}"));
    // Before the question: what is typed as soon as it stands there must not be shown, nor thrown away with what was typed before.
    let quiet = Quiet::new(&terminal).map_err(failed)?;
    let _ = (&terminal).write_all(question.as_bytes());
    let mut answer = Vec::new();
    let mut byte = [0];
    let done = loop {
        match (&terminal).read(&mut byte) {
            Ok(0) => break Ok(()),
            Ok(_) => match byte[0] {
                b'\n' | b'\r' => break Ok(()),
                END if answer.is_empty() => break Err(CliError::Code(1)),
                INTERRUPT => break Err(CliError::Code(128 + libc::SIGINT)),
                ERASE_LINE => answer.clear(),
                8 | 127 => erase_letter(&mut answer),
                byte => answer.push(byte),
            },
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => break Err(failed(error)),
        }
    };
    drop(quiet);
    let _ = (&terminal).write_all(b"\n");
    done?;
    String::from_utf8(answer).map_err(|_| CliError::Usage("the password is not UTF-8".to_owned()))
}

/// Takes the last letter away, all of its bytes.
fn erase_letter(line: &mut Vec<u8>) {
    while let Some(byte) = line.pop() {
        if byte & 0b1100_0000 != 0b1000_0000 {
            return;
        }
    }
}

/// Lets the user choose one of several; nothing where nobody sits at a terminal, or no number comes.
#[must_use]
pub fn choose(question: &str, choices: &[String]) -> Option<usize> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return None;
    }
    super::ui::note(question);
    for (at, choice) in choices.iter().enumerate() {
        super::ui::note(format!("  {}  {choice}", at + 1));
    }
    let answer = line("Number: ").ok()?;
    answer.trim().parse::<usize>().ok()?.checked_sub(1).filter(|at| *at < choices.len())
}

/// A terminal that shows nothing and gives every byte at once; dropped, it is as it was.
struct Quiet<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Quiet<'a> {
    fn new(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut quiet = before.clone();
        // Control-C comes as a byte: a signal would end us and leave the terminal as it is now.
        quiet.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        quiet.special_codes[SpecialCodeIndex::VMIN] = 1;
        quiet.special_codes[SpecialCodeIndex::VTIME] = 0;
        tcsetattr(terminal, OptionalActions::Flush, &quiet)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Quiet<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, OptionalActions::Flush, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_is_erased_with_all_its_bytes() {
        let mut line = "aü€".as_bytes().to_vec();
        erase_letter(&mut line);
        assert_eq!(line, "aü".as_bytes());
        erase_letter(&mut line);
        erase_letter(&mut line);
        erase_letter(&mut line);
        assert_eq!(line, b"");
    }
}
