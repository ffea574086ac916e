//! `--scenario`: the same question in two worlds, every chain that either shows told before and after.

use super::stopped;
use super::world::World;
use crate::error::Result;
use crate::present::comparison::fill::modes;
use crate::present::comparison::sheet::{ScenarioRow, ScenarioSheet, Sheet};
use crate::routes::answer::{Answer, LinkKey, NoAnswer, answer, evaluate, keys};
use crate::routes::network::Network;
use crate::routes::option::RouteOption;
use crate::routes::request::Request;
use crate::routes::scenario::Scenario;

/// The answer under the scenario, with what changed.
pub(super) fn what_if<'w>(
    request: &Request,
    before: &World,
    (after, network, scenario): (&'w World, &'w Network, &'w Scenario),
    profile: &str,
) -> Result<(Sheet, Answer<'w>)> {
    let changed = changed(request, scenario);
    let network_before = before.network(request);
    let worlds = (
        before.asked(&network_before, None),
        after.asked(network, Some(scenario)),
    );
    let was = answer(worlds.0, request).map_err(stopped)?;
    let is = answer(worlds.1, &changed).map_err(stopped)?;
    // Those after it in their order, then those that were shown before it and are not any more.
    let mut chains = chains(&is);
    let shown = chains.len();
    chains.extend(
        self::chains(&was)
            .into_iter()
            .filter(|chain| !chains.contains(chain))
            .collect::<Vec<_>>(),
    );
    let figures_before = evaluate(worlds.0, request, &chains).map_err(stopped)?;
    let figures_after = evaluate(worlds.1, &changed, &chains).map_err(stopped)?;
    refuse_unfuelled(&figures_before, &figures_after)?;
    let rows = chains
        .iter()
        .zip(figures_before.iter().zip(&figures_after))
        .enumerate();
    let rows = rows.map(|(i, (chain, (before, after)))| {
        let option = (i < shown).then(|| (i + 1).to_string());
        let known = before.as_ref().or(after.as_ref());
        ScenarioRow::new(
            option,
            known.map(modes).unwrap_or_default(),
            places(chain),
            before.as_ref(),
            after.as_ref(),
        )
    });
    let rows = rows.collect();
    let mut sheet = Sheet::new(&is, &changed, &after.reference, profile);
    sheet.scenario = Some(ScenarioSheet {
        title: scenario.title.clone(),
        changes: scenario.words(),
        rows,
    });
    Ok((sheet, is))
}

/// The question as it is asked under the scenario.
pub(super) fn changed(request: &Request, scenario: &Scenario) -> Request {
    let mut changed = request.clone();
    changed.avoid.passages = changed.avoid.passages.with(scenario.closed);
    changed
}

fn chains(answer: &Answer) -> Vec<Vec<LinkKey>> {
    answer
        .options
        .iter()
        .map(|s| keys(&s.option, &answer.network))
        .collect()
}

fn places(chain: &[LinkKey]) -> Vec<String> {
    let first = chain.iter().take(1).map(|k| k.2.to_string());
    first.chain(chain.iter().map(|k| k.3.to_string())).collect()
}

/// An energy carrier without a factor, or without a known provision, ends the what-if: it must not look like an improvement.
fn refuse_unfuelled(before: &[Option<RouteOption>], after: &[Option<RouteOption>]) -> Result<()> {
    fn refusals(option: Option<&RouteOption>) -> impl Iterator<Item = &String> {
        option
            .into_iter()
            .flat_map(|o| &o.parts)
            .filter_map(|p| p.refused.as_ref())
    }
    for (before, after) in before.iter().zip(after) {
        // What was refused without the scenario is not its doing.
        let known: Vec<&String> = refusals(before.as_ref()).collect();
        if let Some(why) = refusals(after.as_ref()).find(|why| !known.contains(why)) {
            let way_out = "state the energy carrier's own operation and provision in [[energy]]";
            return Err(stopped(NoAnswer::Scenario(format!(
                "--scenario: {why}; {way_out}"
            ))));
        }
    }
    Ok(())
}
