//! Packs whose records are stored as records of another pack: the webhooks of learning platforms become learning
//! progress. A record is checked against its own pack first, then turned, then checked against the other one.

use std::sync::Arc;

use bson::Document;
use steward_domain::{Violation, value};
use steward_mapping::{Compiled, Input, Mapping};
use steward_schema::{Checker, Pack, Registry};

use crate::error::{Error, Result};
use crate::workspace::Workspace;

/// Turns records of one pack into those of another.
pub struct Normaliser {
    mapping: Compiled,
    checker: Arc<Checker>,
}

impl Normaliser {
    /// For records of this schema; `None` where they are stored as they are.
    pub fn of(workspace: &Workspace, schema: &str) -> Result<Option<Arc<Self>>> {
        let Ok(pack) = workspace.registry.get(schema) else {
            return Ok(None);
        };
        let Some(how) = &pack.steward.normalise else {
            return Ok(None);
        };
        let target = workspace.registry.get(&how.to)?;
        let mapping = Mapping::from_json(how.mapping.clone()).map_err(Error::from)?;
        let mapping = steward_mapping::compile(&mapping, None, Some(target))?;
        Ok(Some(Arc::new(Self { mapping, checker: workspace.checker(&how.to)? })))
    }

    /// The record as it is stored; what is wrong with it is added to the errors.
    pub fn apply(&self, record: &Document, errors: &mut Vec<Violation>) -> Document {
        let json = self.mapping.apply(Input::Json(&value::doc_to_ext(record).into()), errors);
        let stored = value::doc_from_ext(json).ok().flatten().unwrap_or_default();
        errors.extend(self.checker.check(&value::doc_to_plain(&stored)));
        stored
    }
}

/// The pack that records of this one are stored as.
pub fn stored_as<'a>(packs: &'a Registry, pack: &'a Pack) -> Result<&'a Pack> {
    match &pack.steward.normalise {
        Some(how) => Ok(packs.get(&how.to)?),
        None => Ok(pack),
    }
}

#[cfg(test)]
mod tests {
    use steward_schema::Registry;

    /// The mapping of every pack that names one leads from its valid examples to valid records of the other pack.
    #[test]
    fn every_example_arrives() {
        let registry = Registry::builtin().unwrap();
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../schemas");
        let mut turned = 0;
        for pack in registry.all() {
            let Some(how) = &pack.steward.normalise else { continue };
            let target = registry.get(&how.to).unwrap();
            let checker = steward_schema::Checker::new(target, &registry).unwrap();
            let mapping = steward_mapping::Mapping::from_json(how.mapping.clone()).unwrap();
            let mapping = steward_mapping::compile(&mapping, None, Some(target)).unwrap();
            for file in std::fs::read_dir(root.join(&pack.id.name).join("examples/valid")).unwrap() {
                let record = serde_json::from_slice(&std::fs::read(file.unwrap().path()).unwrap()).unwrap();
                let mut errors = Vec::new();
                let stored = mapping.apply(steward_mapping::Input::Json(&record), &mut errors);
                assert_eq!((errors, checker.check(&stored)), (Vec::new(), Vec::new()), "{record} -> {stored}");
                turned += 1;
            }
        }
        assert_eq!(turned, 6);
    }
}
