//! `history` and `image tree`: how an image came to be, and what it is made of.

use crate::engine::{Engine, EngineError};
use crate::model::{DiffId, ImageRecord};

/// One step of an image's making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryStep {
    /// The image's id at the topmost step; what other steps made has no id here.
    pub id: Option<String>,
    /// Full names; of the topmost step.
    pub names: Vec<String>,
    /// RFC 3339, as the image says it.
    pub created: Option<String>,
    pub created_by: String,
    pub comment: String,
    /// Bytes of the step's layer; 0 where it made none.
    pub size: u64,
}

/// A layer, and whose topmost it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeLayer {
    pub diff_id: DiffId,
    /// Bytes of its tar.
    pub size: u64,
    /// Names, or ids of images without, whose topmost layer it is.
    pub top_of: Vec<String>,
}

/// What an image is made of.
#[derive(Clone, Debug)]
pub struct ImageTree {
    pub image: ImageRecord,
    /// Bottom first.
    pub layers: Vec<TreeLayer>,
    /// Other images that have all its layers below their own.
    pub required_by: Vec<ImageRecord>,
}

impl Engine {
    /// Returns the steps of an image's history, the latest first.
    ///
    /// # Errors
    /// There is no such image, or its config is damaged.
    pub fn image_history(&self, name: &str) -> Result<Vec<HistoryStep>, EngineError> {
        let image = self.runnable_image(name)?;
        let mut layers = image.layers.iter();
        let mut steps = Vec::new();
        for step in self.image_config(&image)?.history {
            let layer = if step.empty_layer { None } else { layers.next() };
            let size = layer.map(|layer| self.db.layer_size(layer)).transpose()?.flatten();
            steps.push(HistoryStep {
                id: None,
                names: Vec::new(),
                created: step.created,
                created_by: step.created_by.unwrap_or_default(),
                comment: step.comment.unwrap_or_default(),
                size: size.unwrap_or(0),
            });
        }
        // A history that says less than there are layers is none to leave them out for.
        for layer in layers {
            steps.push(HistoryStep {
                id: None,
                names: Vec::new(),
                created: None,
                created_by: String::new(),
                comment: String::new(),
                size: self.db.layer_size(layer)?.unwrap_or(0),
            });
        }
        steps.reverse();
        if let Some(top) = steps.first_mut() {
            top.id = Some(image.id.hex().to_owned());
            top.names = image.names;
        }
        Ok(steps)
    }

    /// Returns the layers of an image and who else stands on them.
    ///
    /// # Errors
    /// There is no such image, or the database fails.
    pub fn image_tree(&self, name: &str) -> Result<ImageTree, EngineError> {
        let image = self.runnable_image(name)?;
        let all = self.db.images()?;
        let mut layers = Vec::new();
        for (at, diff_id) in image.layers.iter().enumerate() {
            let ends_here = all.iter().filter(|other| other.layers == image.layers[..=at]);
            layers.push(TreeLayer {
                diff_id: diff_id.clone(),
                size: self.db.layer_size(diff_id)?.unwrap_or(0),
                top_of: ends_here
                    .flat_map(
                        |other| if other.names.is_empty() { vec![other.id.short().to_owned()] } else { other.names.clone() },
                    )
                    .collect(),
            });
        }
        let stands_on = |other: &ImageRecord| other.layers.len() > image.layers.len() && other.layers.starts_with(&image.layers);
        let required_by = all.into_iter().filter(stands_on).collect();
        Ok(ImageTree { image, layers, required_by })
    }
}
