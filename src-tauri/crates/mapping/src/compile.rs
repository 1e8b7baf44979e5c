//! From a mapping document to a program: names become places, texts become parsers, and what cannot work is refused.

use std::collections::HashSet;

use serde_json::Value as Json;
use steward_schema::Pack;

use crate::apply::{Compiled, Rows};
use crate::columns::{Columns, Place};
use crate::dates::{Zone, unknown_zone};
use crate::defaults::{Naming, separator_of};
use crate::document::{Mapping, Rule, Source, Unmapped, VERSION};
use crate::error::MappingError;
use crate::fit::Fit;
use crate::kept::Used;
use crate::operation::{Defaults, Op};
use crate::program::RuleOp;
use crate::record::Layout;
use crate::shape::shape_at;
use crate::source::SourceOp;
use crate::steps::Step;
use crate::target::{Taken, Target};
use crate::words::Words;

/// Compiles a mapping for a table with this header, or for JSON rows if there is none. `target` is the schema that the
/// records will be checked against; table cells are fitted to it.
pub fn compile(mapping: &Mapping, header: Option<&[String]>, target: Option<&Pack>) -> Result<Compiled, MappingError> {
    if mapping.version != VERSION {
        return Err(MappingError::new("/version", format!("Only version {VERSION} of mappings is known here.")));
    }
    let columns = Columns::new(header);
    let zone = match &mapping.zone {
        Some(name) => Zone::parse(name).ok_or_else(|| unknown_zone(name).within("/zone"))?,
        None => Zone::utc(),
    };
    let defaults = Defaults { mark: mapping.decimal, zone };
    let mut work = Work { mapping, columns, target, defaults, used: Vec::new(), taken: Taken::default(), rules: Vec::new() };
    for (i, rule) in mapping.rules.iter().enumerate() {
        work.rule(rule).map_err(|e| e.within(&format!("/rules/{i}")))?;
    }
    for (i, name) in mapping.drop.iter().enumerate() {
        let place = work.columns.find(name).map_err(|e| e.within(&format!("/drop/{i}")))?;
        work.used.push(place);
    }
    match header {
        Some(header) => work.table(header),
        None => Ok(work.json()),
    }
}

struct Work<'m> {
    mapping: &'m Mapping,
    columns: Columns<'m>,
    target: Option<&'m Pack>,
    defaults: Defaults,
    used: Vec<Place>,
    taken: Taken,
    rules: Vec<RuleOp>,
}

impl Work<'_> {
    fn rule(&mut self, rule: &Rule) -> Result<(), MappingError> {
        let target = Target::parse(&rule.to).map_err(|e| e.within("/to"))?;
        if !target.path.is_empty() {
            self.taken.take(&target.path).map_err(|clash| clash.error(&target).within("/to"))?;
        }
        let source = SourceOp::new(&rule.from, &self.columns, &mut self.used).map_err(|e| e.within("/from"))?;
        let ops = self.steps(&rule.steps)?;
        let missing = rule.missing.as_ref().unwrap_or(&self.mapping.missing);
        self.rules.push(RuleOp {
            source,
            label: self.label(&rule.from),
            missing: Words::new(&missing.tokens),
            becomes: missing.becomes,
            ops,
            fit: self.fit(rule, &target),
            default: rule.default.clone(),
            target,
            report: false,
        });
        Ok(())
    }

    fn steps(&mut self, steps: &[Step]) -> Result<Vec<Op>, MappingError> {
        let mut ops = Vec::with_capacity(steps.len());
        let mut in_list = false;
        for (i, step) in steps.iter().enumerate() {
            let op = Op::new(step, self.defaults).map_err(|e| e.within(&format!("/steps/{i}")))?;
            if let Op::Number(numbers) = &op {
                for further in numbers.further() {
                    let at = |e: MappingError| e.within(&format!("/steps/{i}/number/range/{}", further.member()));
                    if in_list {
                        let message = "A list has no room for the further targets of a range.";
                        return Err(at(MappingError::new("", message).hint("Leave them out, or do not split.")));
                    }
                    self.taken.take(&further.target.path).map_err(|clash| at(clash.error(&further.target)))?;
                }
            }
            in_list |= matches!(step, Step::Split(_));
            ops.push(op);
        }
        Ok(ops)
    }

    /// Table cells take the type of the schema, unless a step has given them one.
    fn fit(&self, rule: &Rule, target: &Target) -> Option<Fit> {
        let typed = rule.steps.iter().any(|s| matches!(s, Step::Cast(_) | Step::Number(_) | Step::Date(_) | Step::Boolean(_)));
        let constant = matches!(rule.from, Source::Constant(_));
        let table = matches!(self.columns, Columns::Table { .. });
        (table && !typed && !constant).then(|| fit_for(self.target, &target.path))
    }

    fn label(&self, source: &Source) -> String {
        match (source, &self.columns) {
            (Source::Column(name), Columns::Table { .. }) => format!("The column '{name}'"),
            (Source::Column(name), Columns::Json) => format!("The field '{name}'"),
            (Source::Constant(_), _) => "The constant".to_owned(),
            (Source::Template(text), _) => format!("The text put together as '{text}'"),
            (Source::Cases(_), _) => "The value chosen by cases".to_owned(),
        }
    }

    fn table(mut self, header: &[String]) -> Result<Compiled, MappingError> {
        let column = |place: &Place| if let Place::Column(index) = place { Some(*index) } else { None };
        let used: HashSet<usize> = self.used.iter().filter_map(column).collect();
        let unused: Vec<usize> = (0..header.len()).filter(|i| !used.contains(i)).collect();
        if self.mapping.unmapped != Unmapped::Drop {
            let mut naming = Naming::new(self.target, header);
            let ruled = self.taken.clone();
            for index in &unused {
                let path = self.free_target(&mut naming, &ruled, &header[*index], *index)?;
                self.push_kept(header, *index, path);
            }
        }
        let unmapped = unused.into_iter().map(|i| header[i].clone()).collect();
        Ok(Compiled { layout: Layout::new(self.rules), rows: Rows::Table { columns: header.len() }, unmapped })
    }

    /// Where a column goes that no rule uses: as if there were no mapping, but never where a rule writes.
    fn free_target(&mut self, naming: &mut Naming, ruled: &Taken, name: &str, index: usize) -> Result<Vec<String>, MappingError> {
        let candidates: Vec<Vec<String>> = naming.candidates(name, index).into_iter().filter(|path| ruled.check(path).is_ok()).collect();
        if candidates.is_empty() {
            let wanted = Target::new(naming.plain(name, index)).text();
            let name = self.columns.name_of(index);
            let message = format!("The column '{name}' is not mapped and would be imported unchanged, but a rule writes '{wanted}'.");
            return Err(MappingError::new("/unmapped", message).hint("Map the column to another field, or name it in drop."));
        }
        let free = candidates.into_iter().find(|path| self.taken.take(path).is_ok());
        // Columns of the same name get a number.
        Ok(free.unwrap_or_else(|| naming.numbered(name, index, &mut self.taken)))
    }

    fn push_kept(&mut self, header: &[String], index: usize, path: Vec<String>) {
        let missing = &self.mapping.missing;
        self.rules.push(RuleOp {
            source: SourceOp::Place(Place::Column(index)),
            label: format!("The column '{}'", header[index]),
            missing: Words::new(&missing.tokens),
            becomes: missing.becomes,
            ops: Vec::new(),
            fit: Some(fit_for(self.target, &path)),
            default: None,
            target: Target::new(path),
            report: self.mapping.unmapped == Unmapped::Report,
        });
    }

    fn json(self) -> Compiled {
        let mut used = Used::default();
        for place in &self.used {
            if let Place::Path(path) = place {
                used.add(path);
            }
        }
        Compiled { layout: Layout::new(self.rules), rows: Rows::Json { unmapped: self.mapping.unmapped, used }, unmapped: Vec::new() }
    }
}

/// What the schema wants at a place.
fn fit_for(target: Option<&Pack>, path: &[String]) -> Fit {
    let Some(pack) = target else { return Fit::free() };
    let root: &Json = &pack.json;
    match shape_at(pack, path) {
        Some(shape) => Fit::new(&shape, root, separator_of(pack, path)),
        None => Fit::free(),
    }
}
