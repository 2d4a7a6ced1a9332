//! A case: a name that is a sentence, what it needs of the host, and how it is run.

use super::host::{self, Need, Under};
use super::{TestEnv, environment, leak};
use libtest_mimic::{Completion, Failed, Trial};
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};

/// One test case.
pub struct Case {
    name: String,
    body: fn(&TestEnv),
    needs: Vec<Need>,
    gap: Option<&'static str>,
    only_ours: Option<&'static str>,
}

/// Makes a [`Case`] of a function; the name is the module and the function.
macro_rules! case {
    ($body:ident) => {
        $crate::harness::Case::new(concat!(module_path!(), "::", stringify!($body)), $body)
    };
}
pub(crate) use case;

impl Case {
    pub fn new(path: &str, body: fn(&TestEnv)) -> Self {
        let name = path.split_once("::").map_or(path, |(_, rest)| rest).to_owned();
        Self { name, body, needs: Vec::new(), gap: None, only_ours: None }
    }

    /// Names what the host must have; without it the case is ignored, visibly.
    pub fn needs(mut self, needs: &[Need]) -> Self {
        self.needs.extend_from_slice(needs);
        self
    }

    /// Marks a case that Podman is known to fail; should it pass there, that is a failure: the mark is stale.
    pub fn gap(mut self, reason: &'static str) -> Self {
        self.gap = Some(reason);
        self
    }

    /// Marks a gap that Podman has on some hosts only: those where `so` is true.
    pub fn gap_where(self, so: bool, reason: &'static str) -> Self {
        if so { self.gap(reason) } else { self }
    }

    /// Marks a case that has no meaning on another tool (it looks at our files or processes).
    pub fn only_ours(mut self, reason: &'static str) -> Self {
        self.only_ours = Some(reason);
        self
    }

    pub fn into_trial(self) -> Trial {
        Trial::ignorable_test(self.name.clone(), move || self.run())
    }

    fn run(&self) -> Result<Completion, Failed> {
        let under_podman = host::under() == Under::Podman;
        if under_podman && let Some(reason) = self.only_ours {
            return Ok(self.ignored(&format!("ours only: {reason}")));
        }
        for need in &self.needs {
            if let Some(reason) = need.missing() {
                if host::required(*need) {
                    return Err(format!("{} is required (CORACLE_TEST_REQUIRE) and missing: {reason}", need.word()).into());
                }
                return Ok(self.ignored(&format!("{}: {reason}", need.word())));
            }
        }
        let result = self.run_body();
        match (self.gap.filter(|_| under_podman), result) {
            (None, Ok(())) => Ok(Completion::Completed),
            (None, Err(message)) => Err(message.into()),
            (Some(gap), Ok(())) => Err(format!("the gap is closed, remove its mark: {gap}").into()),
            (Some(gap), Err(_)) => Ok(self.ignored(&format!("gap: {gap}"))),
        }
    }

    fn ignored(&self, reason: &str) -> Completion {
        eprintln!("skip: {}: {reason}", self.name);
        Completion::ignored_with(reason)
    }

    fn run_body(&self) -> Result<(), String> {
        let env = TestEnv::new(self.needs.iter().find_map(|need| environment::disk_of(*need)));
        let result = caught(|| (self.body)(&env));
        let left = caught(|| leak::check(&env));
        leak::sweep(&env);
        match (result, left) {
            (Ok(()), Ok(())) => Ok(()),
            (Ok(()), Err(left)) => Err(format!("left behind: {left}")),
            (Err(message), _) => Err(format!("{message}\n{}", env.history())),
        }
    }
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the place and the text of a panic for the report of its case, instead of printing it in between.
pub fn keep_panics() {
    panic::set_hook(Box::new(|info: &PanicHookInfo<'_>| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let text = info.payload_as_str().unwrap_or("a panic without a text");
        LAST_PANIC.with(|last| *last.borrow_mut() = Some(format!("{place}: {text}")));
    }));
}

/// Runs something; the place and the text of its panic are the error.
pub fn caught(work: impl FnOnce()) -> Result<(), String> {
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| LAST_PANIC.with(|last| last.borrow_mut().take()).unwrap_or_else(|| "a panic".to_owned()))
}
