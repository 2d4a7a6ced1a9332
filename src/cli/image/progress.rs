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
            let size = layer.size.map(|size| format!(" ({})", ui::human_size(size))).unwrap_or_default();
            ui::note(format!("Layer {} done{size}", layer.name));
        }
    }
}

/// Bars that stay when their layers are done; of more layers only those that move are shown.
const KEPT: usize = 20;

/// One bar for each layer that moves, and one for all of them.
#[derive(Default)]
struct Bars {
    all: MultiProgress,
    /// In the place of a layer that is there already there is none.
    bars: Vec<Option<ProgressBar>>,
    total: Option<ProgressBar>,
    positions: Vec<u64>,
    sizes: Vec<u64>,
}

impl Bars {
    fn moved(&mut self, layer: usize, bytes: u64) {
        if let Some(position) = self.positions.get_mut(layer) {
            *position = bytes;
        }
        if let Some(total) = &self.total {
            total.set_position(self.positions.iter().sum());
        }
    }
}

impl Progress for Bars {
    fn step(&mut self, step: &Step) {
        let Some(text) = say(step) else { return };
        match (&self.total, step) {
            (Some(total), Step::Storing) => total.set_message("writing to the store"),
            _ => {
                let _ = self.all.println(ui::escape_lines(&text));
            }
        }
    }

    fn layers(&mut self, layers: &[LayerInfo]) {
        let style = |template: &str| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let sized = style("{prefix:12} [{bar:30}] {bytes:>11} / {total_bytes:<11} {bytes_per_sec:>14} {msg}");
        let unsized_bar = style("{prefix:12} {bytes:>11} {bytes_per_sec:>14} {msg}");
        let missing: Vec<_> = layers.iter().filter(|layer| !layer.present).collect();
        let present = layers.len() - missing.len();
        if present > 0 {
            let _ = self.all.println(format!("{present} of {} layers are there already", layers.len()));
        }
        let bar = |size: Option<u64>, name: String| match size {
            Some(size) => self.all.add(ProgressBar::new(size).with_style(sized.clone()).with_prefix(name)),
            None => self.all.add(ProgressBar::new_spinner().with_style(unsized_bar.clone()).with_prefix(name)),
        };
        let is_many = missing.len() > KEPT;
        let layer_bar = |layer: &LayerInfo| {
            let shown = bar(layer.size, ui::escape_for_terminal(&layer.name).into_owned()).with_message("waiting");
            if !is_many {
                shown.tick();
            }
            shown
        };
        self.bars = layers.iter().map(|layer| (!layer.present).then(|| layer_bar(layer))).collect();
        let whole: Option<u64> = missing.iter().map(|layer| layer.size).sum();
        self.total = (missing.len() > 1).then(|| bar(whole, "total".to_owned()));
        self.positions = vec![0; layers.len()];
        self.sizes = layers.iter().map(|layer| layer.size.unwrap_or(0)).collect();
    }

    fn position(&mut self, layer: usize, bytes: u64) {
        if let Some(Some(bar)) = self.bars.get(layer) {
            bar.set_message("");
            bar.set_position(bytes);
        }
        self.moved(layer, bytes);
    }

    fn done(&mut self, layer: usize) {
        if let Some(Some(bar)) = self.bars.get(layer) {
            match self.bars.iter().flatten().count() > KEPT {
                true => bar.finish_and_clear(),
                false => bar.finish_with_message("done"),
            }
        }
        let size = self.sizes.get(layer).copied().unwrap_or(0).max(self.positions.get(layer).copied().unwrap_or(0));
        self.moved(layer, size);
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        // What did not come to its end stays as it is: an error is told below it.
        if let Some(total) = &self.total {
            total.abandon();
        }
        for bar in self.bars.iter().flatten().filter(|bar| !bar.is_finished()) {
            bar.abandon_with_message("not done");
        }
    }
}
