//! How far an image has come in. Front ends show it; the engine prints nothing.

/// A layer that is about to come in.
#[derive(Clone, Debug)]
pub struct LayerInfo {
    /// Twelve digits of the blob's digest, or of the diffID where there is none.
    pub name: String,
    /// Bytes that will be read, where that is known.
    pub size: Option<u64>,
    /// The store has it.
    pub present: bool,
}

/// What happens besides layers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A name was completed and is asked for.
    Trying { reference: String },
    /// Bytes of all layers are on their way to the disk.
    Storing,
    /// Something that could not be kept as it was, in words.
    Note { text: String },
}

/// Receives what happens, on the thread that called the engine.
pub trait Progress {
    fn step(&mut self, step: &Step);
    /// All layers of the image, bottom first; the calls below name them by their place here.
    fn layers(&mut self, layers: &[LayerInfo]);
    /// So many bytes of a layer were read.
    fn position(&mut self, layer: usize, bytes: u64);
    fn done(&mut self, layer: usize);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn step(&mut self, _: &Step) {}
    fn layers(&mut self, _: &[LayerInfo]) {}
    fn position(&mut self, _: usize, _: u64) {}
    fn done(&mut self, _: usize) {}
}
