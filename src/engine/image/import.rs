//! `import`: an image of one layer from a root tar.

use super::arriving::REPORT_EVERY;
use super::incoming::Incoming;
use super::progress::{LayerInfo, Progress, Step};
use crate::config::Places;
use crate::engine::{Engine, EngineError};
use crate::events::{Status, Subject};
use crate::image::config::{History, RootFs};
use crate::image::registry::{Access, Patience, WebAddress};
use crate::image::transport::{Input, open_tar};
use crate::image::{ImageConfig, ImageError, Platform, Reference, change};
use crate::model::ImageId;
use crate::storage::intake::{self, Expected};
use crate::storage::unpack::Limits;
use crate::storage::{borrow, layer};
use std::io::{self, BufRead, Read};

/// Where a root tar comes from.
#[derive(Clone, Debug)]
pub enum ImportSource {
    Local(Input),
    Web(Box<WebSource>),
}

/// A file of a web server, and how that may be asked.
#[derive(Clone, Debug)]
pub struct WebSource {
    address: WebAddress,
    access: Access,
}

impl WebSource {
    /// Reads an address; nothing where the text is none. What registries.conf and `auth.json` say of registries does not hold for it.
    ///
    /// # Errors
    /// It begins as an address, but is none.
    pub fn parse(text: &str, places: &Places, patience: Patience) -> Result<Option<Self>, EngineError> {
        let Some(address) = WebAddress::parse(text)? else { return Ok(None) };
        let folders = places.certificate_folders().into_iter();
        let certificates = folders.map(|folder| folder.join(address.host())).collect();
        Ok(Some(Self { address, access: Access { certificates, patience, ..Access::default() } }))
    }
}

impl ImportSource {
    fn name(&self) -> String {
        match self {
            Self::Local(input) => input.path().display().to_string(),
            Self::Web(source) => source.address.to_string(),
        }
    }

    /// The tar and its length, where that is known.
    fn open(&self) -> Result<(Box<dyn BufRead + Send>, Option<u64>), ImageError> {
        match self {
            Self::Local(input) => Ok((open_tar(input)?, None)),
            Self::Web(source) => {
                let file = source.address.fetch(source.access.clone())?;
                let size = file.size;
                Ok((Box::new(file), size))
            }
        }
    }
}

/// What to import, and what to make of it.
#[derive(Clone, Debug)]
pub struct ImportRequest {
    /// A tar, compressed perhaps.
    pub source: ImportSource,
    /// Nothing: the image gets no name.
    pub reference: Option<String>,
    /// Containerfile instructions.
    pub changes: Vec<String>,
    pub message: Option<String>,
    pub platform: Platform,
}

impl Engine {
    /// Makes an image from a root tar. Runs as root of the session.
    ///
    /// # Errors
    /// The input is no tar, a change is not understood, or the store cannot take it.
    pub fn import(&mut self, request: &ImportRequest, progress: &mut dyn Progress) -> Result<ImageId, EngineError> {
        let name = request.reference.as_deref().map(|text| Reference::parse_local(text).map(Reference::or_latest));
        let name = name.transpose().map_err(ImageError::from)?;
        let mut config = ImageConfig { platform: request.platform.clone(), ..ImageConfig::default() };
        for text in &request.changes {
            change::apply(&mut config.config, text).map_err(ImageError::from)?;
        }
        self.settle_driver(progress)?;
        let _lock = self.begin_intake()?;
        let (source, size) = request.source.open()?;
        let what = request.source.name();
        progress.layers(&[LayerInfo { name: what.clone(), size, present: false }]);
        let watched = Watched { inner: source, taken: 0, told: 0, progress: &mut *progress };
        let mut received = intake::receive(&self.paths, watched, &Expected::default(), &Limits::default())?;
        borrow::settle(&self.paths, vec![&mut received.layer], std::slice::from_ref(&received.diff_id))?;
        progress.done(0);
        let now = jiff::Timestamp::now().to_string();
        config.created = Some(now.clone());
        config.rootfs = RootFs { kind: "layers".to_owned(), diff_ids: vec![received.diff_id.clone()] };
        config.history = vec![History {
            created: Some(now),
            created_by: Some(format!("coracle import {what}")),
            comment: request.message.clone(),
            ..History::default()
        }];
        progress.step(&Step::Storing);
        let sizes = [(received.diff_id.clone(), received.tar_size)];
        layer::commit(&self.paths, vec![received.layer])?;
        let bytes = serde_json::to_vec(&config).map_err(|source| ImageError::Parse { what: "the image config", source })?;
        let incoming =
            Incoming { names: name.iter().map(Reference::stored).collect(), config: bytes, manifest: None, layers: Vec::new() };
        let image = self.record_image(incoming, &config, &sizes)?;
        let name = image.names.first().map(String::as_str).unwrap_or_default();
        self.tell_of(&Subject::image(image.id.hex(), name), Status::Import);
        Ok(image.id)
    }
}

/// A reader that tells how far it is.
struct Watched<'a> {
    inner: Box<dyn BufRead + Send>,
    taken: u64,
    told: u64,
    progress: &'a mut dyn Progress,
}

impl BufRead for Watched<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.taken += amount as u64;
        if self.taken - self.told >= REPORT_EVERY {
            self.told = self.taken;
            self.progress.position(0, self.taken);
        }
    }
}

impl Read for Watched<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let taken = self.fill_buf()?.read(buf)?;
        self.consume(taken);
        Ok(taken)
    }
}
