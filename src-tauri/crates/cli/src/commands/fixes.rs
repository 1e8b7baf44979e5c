//! `quarantine fix` and `quarantine import-corrections`: planned, shown, and applied with `--yes`.

use serde_json::{Value as Json, json};
use steward_api::call;
use steward_api::dto::{
    ApplyPlan, CorrectionFate, CorrectionLine, CorrectionsPlan, FixAction, FixPlan, PlanCorrections, PlanFix, ValuePair,
};
use steward_api::{ApiError, ApiResult};
use steward_domain::{SourceChoice, Value};

use super::parse_value;
use super::quarantine::{resolved, selection};
use crate::args::{DecimalSign, Fix, Letters};
use crate::exit;
use crate::output::{self, counted, cut, line, number};
use crate::session::Session;

fn action(fix: &Fix) -> ApiResult<FixAction> {
    if let Some(text) = &fix.set {
        return Ok(FixAction::Set { value: parse_value(text) });
    }
    if let Some(text) = &fix.default {
        return Ok(FixAction::Default { value: parse_value(text) });
    }
    if fix.unset {
        return Ok(FixAction::Unset);
    }
    if !fix.map.is_empty() {
        let pairs = fix.map.iter().map(|text| pair(text)).collect::<ApiResult<Vec<_>>>()?;
        return Ok(FixAction::Map { pairs: pairs.into_iter().flatten().collect() });
    }
    let steps = steps(fix)?;
    Ok(if steps.is_empty() { FixAction::Look } else { FixAction::Steps { steps } })
}

/// OLD=NEW. An old value that reads as a number is meant both as the number and as the text.
fn pair(text: &str) -> ApiResult<Vec<ValuePair>> {
    let (old, new) = text.split_once('=').ok_or_else(|| ApiError::bad_request(format!("'{text}' must be OLD=NEW.")))?;
    let to = (!new.is_empty()).then(|| parse_value(new));
    let mut olds = vec![Value::text(old)];
    if parse_value(old) != olds[0] {
        olds.push(parse_value(old));
    }
    Ok(olds.into_iter().map(|from| ValuePair { from, to: to.clone() }).collect())
}

fn steps(fix: &Fix) -> ApiResult<Vec<Json>> {
    let mut steps = Vec::new();
    if fix.trim {
        steps.push(json!({"trim": "collapse"}));
    }
    if let [pattern, with] = fix.replace.as_slice() {
        steps.push(json!({"replace": {"pattern": pattern, "with": with}}));
    }
    if let Some(letters) = fix.case {
        let kind = match letters {
            Letters::Upper => "upper",
            Letters::Lower => "lower",
            Letters::Title => "title",
        };
        steps.push(json!({ "case": kind }));
    }
    if let Some(sign) = fix.number {
        let decimal = match sign {
            DecimalSign::Point => "point",
            DecimalSign::Comma => "comma",
            DecimalSign::Auto => "auto",
        };
        steps.push(json!({"number": {"decimal": decimal}}));
    }
    if !fix.date.is_empty() {
        steps.push(json!({"date": {"formats": fix.date}}));
    }
    if let Some(text) = &fix.steps {
        let more: Vec<Json> = serde_json::from_str(text)
            .map_err(|e| ApiError::bad_request(format!("The steps are not a JSON list: {e}.")).hint("Such as '[{\"trim\": \"ends\"}]'."))?;
        steps.extend(more);
    }
    Ok(steps)
}

pub async fn fix(session: &Session, fix: Fix) -> ApiResult<u8> {
    let action = action(&fix)?;
    let field = fix.path.clone().or_else(|| fix.narrow.field.clone());
    let field = field.ok_or_else(|| ApiError::bad_request("Which field is to be changed?").hint("Name it with --field or --path."))?;
    let request = PlanFix { selection: selection(fix.ids, fix.all, fix.narrow)?, field: field.clone(), action, retry: fix.retry };
    let is_look = request.action == FixAction::Look;
    let plan: FixPlan = session.call(call::quarantine::PlanFix, &request).await?;
    if !fix.yes || is_look {
        output::answer(session.json, &plan, |plan| print_fix(plan, &field, is_look));
        return Ok(exit::DONE);
    }
    let request = ApplyPlan { plan_id: plan.plan_id, reason: fix.reason };
    resolved(session, session.run_job(call::quarantine::ApplyFix, &request).await?)
}

fn shown(value: Option<&Value>) -> String {
    value.map_or_else(|| "nothing".to_owned(), |v| cut(&serde_json::to_string(v).unwrap_or_default(), 60))
}

fn print_fix(plan: &FixPlan, field: &str, is_look: bool) {
    if is_look {
        line(&format!("{field} in {}:", counted(plan.rows, "row")));
        for value in &plan.values {
            line(&format!("{:>8}  {}", number(value.rows), shown(Some(&value.value))));
        }
        if plan.missing > 0 {
            line(&format!("{:>8}  missing", number(plan.missing)));
        }
        line("Say what to do with it: --set, --default, --unset, --map, --trim, --replace, --case, --number, --date or --steps.");
        return;
    }
    line(&format!(
        "{} of {} would change: {} right then, {} still wrong.",
        number(plan.changed),
        counted(plan.rows, "row"),
        number(plan.right),
        number(plan.still_broken)
    ));
    if plan.failed > 0 {
        line(&format!("{} cannot be transformed and stay as they are.", counted(plan.failed, "value")));
    }
    for p in &plan.problems {
        line(&format!("  {:>12} {}  {}  {}", number(p.rows), p.field, p.rule, p.message));
    }
    for sample in &plan.samples {
        let place = format!("{}, row {}", sample.file, number(sample.row_number));
        line(&format!("{place}: {} -> {}", shown(sample.before.as_ref()), shown(sample.after.as_ref())));
    }
    line("Add --yes to do it, and --retry to load what is right then.");
}

pub async fn import_corrections(
    session: &Session,
    file: &std::path::Path,
    choice: SourceChoice,
    reason: Option<String>,
    yes: bool,
) -> ApiResult<u8> {
    if !file.exists() {
        return Err(ApiError::not_found(format!("There is no file {}.", file.display())));
    }
    let request = PlanCorrections { file: session.app.files.register(file).id, choice };
    let plan: CorrectionsPlan = session.call(call::quarantine::PlanCorrections, &request).await?;
    let troubled = plan.listed.iter().any(|l| !matches!(l.fate, CorrectionFate::Released | CorrectionFate::StillBroken));
    if !yes || plan.changed == 0 {
        output::answer(session.json, &plan, print_corrections);
        return Ok(if troubled { exit::FINDINGS } else { exit::DONE });
    }
    if troubled {
        for correction in plan.listed.iter().filter(|l| !matches!(l.fate, CorrectionFate::Released | CorrectionFate::StillBroken)) {
            session.say(&sentence(correction));
        }
    }
    let request = ApplyPlan { plan_id: plan.plan_id, reason };
    let code = resolved(session, session.run_job(call::quarantine::ApplyCorrections, &request).await?)?;
    Ok(if troubled { exit::FINDINGS } else { code })
}

fn sentence(correction: &CorrectionLine) -> String {
    let place = format!("{}, row {}", correction.file, number(correction.row_number));
    match correction.fate {
        CorrectionFate::Released => format!("{place}: right now, will be loaded."),
        CorrectionFate::StillBroken => format!("{place}: corrected, and still wrong."),
        CorrectionFate::Unchanged => format!("{place}: as it was."),
        CorrectionFate::Unknown => format!("Line {}: there is no row '{}'.", number(correction.line), correction.id),
        CorrectionFate::NotWaiting => format!("{place}: does not wait any more; left as it is."),
        CorrectionFate::Edited => format!("{place}: was corrected in Steward after the table was written; left as it is."),
        CorrectionFate::Repeated => format!("Line {}: the row '{}' is in the table twice.", number(correction.line), correction.id),
    }
}

fn print_corrections(plan: &CorrectionsPlan) {
    let of = |fate: CorrectionFate| plan.counts.iter().find(|c| c.fate == fate).map_or(0, |c| c.lines);
    line(&format!(
        "{}: {} to be loaded, {} still wrong, {} unchanged.",
        counted(plan.lines, "line"),
        number(of(CorrectionFate::Released)),
        number(of(CorrectionFate::StillBroken)),
        number(of(CorrectionFate::Unchanged))
    ));
    for correction in &plan.listed {
        line(&sentence(correction));
        for change in &correction.changes {
            line(&format!("  {}: {} -> {}", change.path.as_str(), shown(change.before.as_ref()), shown(change.after.as_ref())));
        }
        output::violations(&correction.errors);
    }
    for column in &plan.ignored {
        line(&format!("Note: no row has a field {column}; the column is left out."));
    }
    if plan.changed > 0 {
        line("Add --yes to do it.");
    }
}
