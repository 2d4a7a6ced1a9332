//! Bars on a terminal, lines elsewhere, nothing with `--quiet`. All of it on standard error.

use crate::cli::ui;
use crate::engine::image::{LayerInfo, Progress, Silent, Step};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::io::IsTerminal as _;

/// Chooses how to show how far an image is.
pub(super) fn shown(quiet: bool) -> Box<dyn Progress> {
    match (quiet, std::io::stderr().is_terminal()) {
        (true, _) => Box::new(Silent),
        (false, true) => Box::new(Bars::default()),
        (false, false) => Box::new(Lines::default()),
    }
}

fn say(step: &Step) -> Option<String> {
    match step {
        Step::Trying { reference } => Some(format!("Trying to pull {reference}...")),
        Step::Storing => Some("Writing the image to the store".to_owned()),
        Step::Note { text } => Some(format!("Note: {text}")),
    }
}

/// One line for each layer that is done.
#[derive(Default)]
struct Lines {
    layers: Vec<LayerInfo>,
}

impl Progress for Lines {
    fn step(&mut self, step: &Step) {
        if let Some(text) = say(step) {
            ui::note(text);
        }
    }

    fn layers(&mut self, layers: &[LayerInfo]) {
        self.layers = layers.to_vec();
        for layer in layers.iter().filter(|layer| layer.present) {
            ui::note(format!("Layer {} is there already", layer.name));
        }
    }

    fn position(&mut self, _: usize, _: u64) {}

    fn done(&mut self, layer: usize) {
        if let Some(layer) = self.layers.get(layer) {
            ui::note(format!("Layer {} done", layer.name));
        }
    }
}

/// One bar for each layer.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    bars: Vec<ProgressBar>,
}

impl Progress for Bars {
    fn step(&mut self, step: &Step) {
        if let Some(text) = say(step) {
            let _ = self.all.println(ui::escape_lines(&text));
        }
    }

    fn layers(&mut self, layers: &[LayerInfo]) {
        let style = |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let sized = style("{prefix} [{bar:30}] {bytes:>11} / {total_bytes:<11} {msg}");
        let unsized_bar = style("{prefix} {bytes:>11} {msg}");
        self.bars = layers
            .iter()
            .map(|layer| {
                let bar = match layer.size {
                    Some(size) => ProgressBar::new(size).with_style(sized.clone()),
                    None => ProgressBar::new_spinner().with_style(unsized_bar.clone()),
                };
                let bar = self.all.add(bar.with_prefix(ui::escape_for_terminal(&layer.name).into_owned()));
                if layer.present {
                    bar.finish_with_message("there already");
                }
                bar
            })
            .collect();
    }

    fn position(&mut self, layer: usize, bytes: u64) {
        if let Some(bar) = self.bars.get(layer) {
            bar.set_position(bytes);
        }
    }

    fn done(&mut self, layer: usize) {
        if let Some(bar) = self.bars.get(layer) {
            bar.finish_with_message("done");
        }
    }
}
