//! The plan of a question, rewritten so that no figure of its answer can be wrong unseen.
//!
//! Polars adds decimals and whole numbers modulo 2^128 and 2^64 and says nothing. It does check sums, products and quotients of
//! two decimals. So:
//!
//! - what is added up passes [`Rewriting::summand`] first, which folds the absolute values of all of it with checks. When that
//!   sum fits, every partial sum of every group fits, whatever the order, and none can wrap; when it does not, the question is
//!   refused. The in-memory engine gives an expression its whole column at once; the engines that cut it up are not compiled in.
//! - whole numbers are made decimals before they are added, subtracted, multiplied, divided or raised to a power.
//! - no float comes up: not from a number with a point, which is the decimal that was written; not from a mean, which is a
//!   quotient of the sum and the count; not from a cast or a function, which are refused. So none can hide in a condition, an
//!   order or a cast back.
//! - figures that meet another, in arithmetic, a comparison or a column, must fit at [`ALIGNED`] decimals.
//! - a dividend has at least [`QUOTIENT`] decimals, so that a quotient of whole numbers is not rounded to one.
//! - a node, a function or an expression that is not known here is refused: what a later Polars adds does not go through unseen.
//!
//! And so that the same question has the same answer: groups, distinct rows, joins and equal rows of a sort keep the order of
//! the rows that they come from.

use crate::published::Fault;
use green_corridor::Error;
use polars::lazy::frame::LazyFrame;
use polars::prelude::{
    AggExpr, AnyValue, Column, DataType, DataTypeExpr, DslPlan, Expr, Field, FunctionExpr,
    Int128Chunked, IntoSeries, ListFunction, LiteralValue, MaintainOrderJoin, NewChunkedArray,
    Operator, PolarsError, PolarsResult, Scalar, Schema, SpecialEq, all, lit,
};
use std::sync::Arc;

/// Decimals of a quotient, at least.
const QUOTIENT: usize = 9;

/// Decimals of figures that meet another: those of a published one.
const ALIGNED: usize = 9;

/// Digits of a decimal.
const PRECISION: usize = 38;

/// Digits that a float gives back as they were written.
const WRITTEN: usize = 15;

/// The plan with exact arithmetic.
pub(crate) fn plan(plan: DslPlan, fault: &Arc<Fault>) -> PolarsResult<DslPlan> {
    Rewriting { fault }.plan(plan)
}

/// Whether the rows of an answer are in an order that was asked for.
pub(crate) fn is_ordered(plan: &DslPlan) -> bool {
    match plan {
        DslPlan::Sort { .. } => true,
        DslPlan::Select { input, .. }
        | DslPlan::HStack { input, .. }
        | DslPlan::Slice { input, .. }
        | DslPlan::Cache { input, .. }
        | DslPlan::MapFunction { input, .. } => is_ordered(input),
        _ => false,
    }
}

struct Rewriting<'f> {
    fault: &'f Arc<Fault>,
}

impl Rewriting<'_> {
    fn plan(&self, plan: DslPlan) -> PolarsResult<DslPlan> {
        Ok(match plan {
            DslPlan::Scan { .. } | DslPlan::DataFrameScan { .. } => plan,
            DslPlan::Filter { input, predicate } => DslPlan::Filter {
                input: self.below(input)?,
                predicate: self.expr(predicate)?,
            },
            DslPlan::Cache { input, id } => DslPlan::Cache {
                input: self.below(input)?,
                id,
            },
            DslPlan::Select {
                expr,
                input,
                options,
            } => DslPlan::Select {
                expr: self.exprs(expr)?,
                input: self.below(input)?,
                options,
            },
            DslPlan::HStack {
                input,
                exprs,
                options,
            } => DslPlan::HStack {
                input: self.below(input)?,
                exprs: self.exprs(exprs)?,
                options,
            },
            DslPlan::GroupBy {
                input,
                keys,
                predicates,
                aggs,
                maintain_order: _,
                options,
                apply: None,
            } => DslPlan::GroupBy {
                input: self.below(input)?,
                keys: self.exprs(keys)?,
                predicates: self.exprs(predicates)?,
                aggs: self.exprs(aggs)?,
                maintain_order: true,
                options,
                apply: None,
            },
            DslPlan::Join {
                input_left,
                input_right,
                left_on,
                right_on,
                predicates,
                options,
            } => {
                let mut options = Arc::unwrap_or_clone(options);
                options.args.maintain_order = MaintainOrderJoin::LeftRight;
                DslPlan::Join {
                    input_left: self.below(input_left)?,
                    input_right: self.below(input_right)?,
                    left_on: self.exprs(left_on)?,
                    right_on: self.exprs(right_on)?,
                    predicates: self.exprs(predicates)?,
                    options: Arc::new(options),
                }
            }
            DslPlan::Distinct { input, mut options } => {
                options.maintain_order = true;
                options.subset = options.subset.map(|exprs| self.exprs(exprs)).transpose()?;
                DslPlan::Distinct {
                    input: self.below(input)?,
                    options,
                }
            }
            DslPlan::Sort {
                input,
                by_column,
                slice,
                mut sort_options,
            } => {
                sort_options.maintain_order = true;
                DslPlan::Sort {
                    input: self.below(input)?,
                    by_column: self.exprs(by_column)?,
                    slice,
                    sort_options,
                }
            }
            DslPlan::Slice { input, offset, len } => DslPlan::Slice {
                input: self.below(input)?,
                offset,
                len,
            },
            DslPlan::MapFunction { input, function } => DslPlan::MapFunction {
                input: self.below(input)?,
                function,
            },
            DslPlan::Union { inputs, mut args } => {
                args.maintain_order = true;
                let inputs = self.plans(inputs)?.into_iter();
                let columns = alignable(Arc::new(all().as_expr()));
                let aligned = |input| {
                    let columns = [Expr::clone(&columns)];
                    LazyFrame::from(input).select(columns).logical_plan
                };
                DslPlan::Union {
                    inputs: inputs.map(aligned).collect(),
                    args,
                }
            }
            DslPlan::HConcat { inputs, options } => DslPlan::HConcat {
                inputs: self.plans(inputs)?,
                options,
            },
            DslPlan::ExtContext { input, contexts } => DslPlan::ExtContext {
                input: self.below(input)?,
                contexts: self.plans(contexts)?,
            },
            DslPlan::Gather {
                input,
                idxs,
                null_on_oob,
            } => DslPlan::Gather {
                input: self.below(input)?,
                idxs: self.below(idxs)?,
                null_on_oob,
            },
            // What Polars has worked out already is worked out again, after the rewriting.
            DslPlan::IR { dsl, .. } => self.plan(Arc::unwrap_or_clone(dsl))?,
            // No SQL comes to these; whatever does later is not let through unseen.
            _ => return Err(unsupported("this form of question")),
        })
    }

    fn below(&self, input: Arc<DslPlan>) -> PolarsResult<Arc<DslPlan>> {
        self.plan(Arc::unwrap_or_clone(input)).map(Arc::new)
    }

    fn plans(&self, inputs: Vec<DslPlan>) -> PolarsResult<Vec<DslPlan>> {
        inputs.into_iter().map(|input| self.plan(input)).collect()
    }

    fn exprs(&self, exprs: Vec<Expr>) -> PolarsResult<Vec<Expr>> {
        exprs.into_iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&self, expr: Expr) -> PolarsResult<Expr> {
        expr.try_map_expr(|expr| {
            Ok(match expr {
                Expr::Literal(value) => Expr::Literal(written(value)?),
                Expr::Agg(aggregate) => self.aggregate(aggregate)?,
                Expr::Function { input, function } => self.function(input, function)?,
                Expr::Cast {
                    dtype: DataTypeExpr::Literal(kind),
                    ..
                } if kind.is_float() => return Err(float("CAST to a float")),
                Expr::BinaryExpr { left, op, right } => match op {
                    Operator::Plus | Operator::Minus | Operator::Multiply => Expr::BinaryExpr {
                        left: alignable(whole(left, 0)),
                        op,
                        right: alignable(whole(right, 0)),
                    },
                    Operator::TrueDivide | Operator::RustDivide => quotient(left, right),
                    Operator::Eq
                    | Operator::EqValidity
                    | Operator::NotEq
                    | Operator::NotEqValidity
                    | Operator::Lt
                    | Operator::LtEq
                    | Operator::Gt
                    | Operator::GtEq => Expr::BinaryExpr {
                        left: alignable(left),
                        op,
                        right: alignable(right),
                    },
                    _ => Expr::BinaryExpr { left, op, right },
                },
                Expr::Ternary {
                    predicate,
                    truthy,
                    falsy,
                } => Expr::Ternary {
                    predicate,
                    truthy: alignable(truthy),
                    falsy: alignable(falsy),
                },
                Expr::SubPlan(plan, names) => {
                    let plan = self.plan(DslPlan::clone(&plan))?;
                    Expr::SubPlan(SpecialEq::new(Arc::new(plan)), names)
                }
                known @ (Expr::Alias(..)
                | Expr::Column(_)
                | Expr::Selector(_)
                | Expr::Cast { .. }
                | Expr::Sort { .. }
                | Expr::SortBy { .. }
                | Expr::Gather { .. }
                | Expr::Explode { .. }
                | Expr::Filter { .. }
                | Expr::Over { .. }
                | Expr::Slice { .. }
                | Expr::KeepName(_)
                | Expr::RenameAlias { .. }
                // Made here, further down.
                | Expr::AnonymousFunction { .. }
                | Expr::Len) => known,
                other => return Err(unsupported(&format!("{other:?}"))),
            })
        })
    }

    fn aggregate(&self, aggregate: AggExpr) -> PolarsResult<Expr> {
        Ok(match aggregate {
            AggExpr::Sum(summand) => Expr::Agg(AggExpr::Sum(self.summand(summand))),
            AggExpr::Mean(summand) => {
                let count = Expr::Agg(AggExpr::Count {
                    input: summand.clone(),
                    include_nulls: false,
                });
                let sum = Expr::Agg(AggExpr::Sum(self.summand(summand)));
                quotient(Arc::new(sum), Arc::new(count))
            }
            AggExpr::Median(_) => return Err(float("MEDIAN")),
            AggExpr::Std(..) => return Err(float("STDDEV")),
            AggExpr::Var(..) => return Err(float("VARIANCE")),
            known => Expr::Agg(known),
        })
    }

    fn function(&self, input: Vec<Expr>, function: FunctionExpr) -> PolarsResult<Expr> {
        use FunctionExpr as F;
        let each = |input: Vec<Expr>, change: &dyn Fn(Arc<Expr>) -> Arc<Expr>| {
            let inputs = input.into_iter().map(Arc::new);
            inputs
                .map(|expr| Arc::unwrap_or_clone(change(expr)))
                .collect()
        };
        let input: Vec<Expr> = match &function {
            F::CumSum { .. } => each(input, &|expr| self.summand(expr)),
            F::Pow(_) | F::Abs | F::Negate => each(input, &|expr| whole(expr, 0)),
            F::Clip { .. }
            | F::Coalesce
            | F::FillNull
            | F::MaxHorizontal
            | F::MinHorizontal
            | F::ShiftAndFill => each(input, &alignable),
            F::Boolean(_)
            | F::Ceil
            | F::CumCount { .. }
            | F::CumMax { .. }
            | F::CumMin { .. }
            | F::DropNulls
            | F::FillNullWithStrategy(_)
            | F::Floor
            | F::ListExpr(ListFunction::Length | ListFunction::Contains { .. })
            | F::NullCount
            | F::Range(_)
            | F::Reverse
            | F::Round { .. }
            | F::Shift
            | F::Sign
            | F::StringExpr(_)
            | F::TemporalExpr(_)
            | F::Truncate { .. }
            | F::Unique(_) => input,
            _ => return Err(float(&function.to_string())),
        };
        let name = function.to_string();
        let may_be_float = matches!(function, F::Pow(_) | F::TemporalExpr(_));
        let value = Expr::Function { input, function };
        Ok(if may_be_float {
            no_float(value, name)
        } else {
            value
        })
    }

    /// What is added up, when the sum of its absolute values is a decimal.
    fn summand(&self, summand: Arc<Expr>) -> Arc<Expr> {
        let fault = self.fault.clone();
        let checked = move |column: Column| {
            if matches!(column.dtype(), DataType::Duration(_)) {
                return Err(unsupported("a sum of times"));
            }
            let column = as_decimal(column, 0)?;
            match column.as_materialized_series().decimal() {
                Ok(figures) if !fits(figures.physical().iter().flatten()) => {
                    let what = format!(
                        "{}: the values that are added up come to more than {PRECISION} digits together; ask for less at once",
                        column.name()
                    );
                    Err(fault.keep(Error::Limit(what)))
                }
                _ => Ok(column),
            }
        };
        let summand = Arc::unwrap_or_clone(summand);
        Arc::new(summand.map_with_fmt_str(
            checked,
            |_, field| Ok(decimal_field(field, 0)),
            "summand",
        ))
    }
}

/// Whether all these figures together are a decimal, whatever their signs.
fn fits(figures: impl Iterator<Item = i128>) -> bool {
    let most = 10u128.pow(38) - 1;
    let mut figures = figures.map(i128::unsigned_abs);
    let sum = figures.try_fold(0u128, |sum, figure| sum.checked_add(figure));
    sum.is_some_and(|sum| sum <= most)
}

/// Figures that fit beside any other: where Polars brings two to the same number of decimals, what does not fit is nothing, and no
/// comparison with it is true.
fn alignable(operand: Arc<Expr>) -> Arc<Expr> {
    // A number that is written has few digits, and no type yet.
    if matches!(*operand, Expr::Literal(_) | Expr::SubPlan(..)) {
        return operand;
    }
    let kind = |_: &Schema, field: &Field| {
        let kind = field.dtype().clone().materialize_unknown(true)?;
        Ok(Field::new(field.name().clone(), kind))
    };
    let operand = Arc::unwrap_or_clone(operand);
    Arc::new(operand.map_with_fmt_str(aligned, kind, "alignable"))
}

fn aligned(column: Column) -> PolarsResult<Column> {
    let DataType::Decimal(_, scale) = *column.dtype() else {
        return Ok(column);
    };
    let room = ALIGNED
        .checked_sub(scale)
        .and_then(|more| u32::try_from(more).ok())
        .and_then(|more| 10u128.pow(38).checked_div(10u128.checked_pow(more)?))
        .unwrap_or(0);
    let fits = |figure: i128| figure.unsigned_abs() < room;
    let series = column.as_materialized_series();
    if series.decimal()?.physical().iter().flatten().all(fits) {
        return Ok(column);
    }
    Err(unsupported(&format!(
        "{}: a figure of more than 29 digits before the point or {ALIGNED} behind it beside another",
        column.name()
    )))
}

/// A quotient that is not rounded to a whole number; nothing where the divisor is 0.
fn quotient(left: Arc<Expr>, right: Arc<Expr>) -> Expr {
    Expr::BinaryExpr {
        left: alignable(whole(left, QUOTIENT)),
        op: Operator::TrueDivide,
        right: Arc::new(
            Arc::unwrap_or_clone(alignable(whole(right, 0))).map_with_fmt_str(
                not_zero,
                |_, field| Ok(field.clone()),
                "divisor",
            ),
        ),
    }
}

/// Nothing for 0; everything else stays as it is.
fn not_zero(column: Column) -> PolarsResult<Column> {
    let DataType::Decimal(precision, scale) = *column.dtype() else {
        return Ok(column);
    };
    let figures = column.as_materialized_series().decimal()?.physical().iter();
    let figures = figures.map(|figure| figure.filter(|figure| *figure != 0));
    let figures = Int128Chunked::from_iter_options(column.name().clone(), figures);
    Ok(figures
        .into_decimal_unchecked(precision, scale)
        .into_series()
        .into())
}

/// The value of a function that may make floats, when it has made none.
fn no_float(value: Expr, name: String) -> Expr {
    let found = name.clone();
    let kind = move |_: &Schema, field: &Field| match field.dtype().is_float() {
        true => Err(float(&name)),
        false => Ok(field.clone()),
    };
    value.map_with_fmt_str(Ok, kind, found)
}

/// A whole number as a decimal; decimals get at least `scale` decimals, everything else stays as it is.
fn whole(operand: Arc<Expr>, scale: usize) -> Arc<Expr> {
    let operand = Arc::unwrap_or_clone(operand);
    Arc::new(operand.map_with_fmt_str(
        move |column| as_decimal(column, scale),
        move |_, field| Ok(decimal_field(field, scale)),
        "whole",
    ))
}

fn as_decimal(column: Column, scale: usize) -> PolarsResult<Column> {
    let wanted = decimal(column.dtype(), scale);
    match column.dtype() {
        kind if *kind == wanted => Ok(column),
        // `count(DISTINCT a)` is a number less a yes or no.
        DataType::Boolean => column.strict_cast(&DataType::Int32)?.strict_cast(&wanted),
        _ => column.strict_cast(&wanted),
    }
}

fn decimal_field(field: &Field, scale: usize) -> Field {
    Field::new(field.name().clone(), decimal(field.dtype(), scale))
}

fn decimal(kind: &DataType, scale: usize) -> DataType {
    match kind {
        DataType::Decimal(_, has) => DataType::Decimal(PRECISION, scale.max(*has)),
        kind if kind.is_integer() || kind.is_bool() => DataType::Decimal(PRECISION, scale),
        kind => kind.clone(),
    }
}

/// A number with a point as the decimal that stands in the question.
fn written(value: LiteralValue) -> PolarsResult<LiteralValue> {
    let Some(AnyValue::Float64(float)) = value.to_any_value() else {
        return Ok(value);
    };
    let text = float.to_string();
    let digits = text.trim_start_matches(['-', '0', '.']);
    if !float.is_finite() || digits.chars().filter(char::is_ascii_digit).count() > WRITTEN {
        return Err(unsupported(&format!(
            "the number {text}: more than {WRITTEN} digits; write CAST('..' AS DECIMAL(38, 9))"
        )));
    }
    let (before, after) = text.split_once('.').unwrap_or((&text, ""));
    let mantissa = format!("{before}{after}").parse();
    let mantissa: i128 = mantissa.map_err(|_| unsupported(&format!("the number {text}")))?;
    let scale = after.len();
    if scale > ALIGNED {
        return Err(unsupported(&format!("the number {text}: {scale} decimals")));
    }
    let value = AnyValue::Decimal(mantissa, PRECISION, scale);
    let scalar = Scalar::new(DataType::Decimal(PRECISION, scale), value);
    match lit(scalar) {
        Expr::Literal(value) => Ok(value),
        _ => Err(unsupported("a number")),
    }
}

fn float(what: &str) -> PolarsError {
    let what = format!(
        "{what} is refused: its value is a float, which is not exact, or not known to be exact; ask for sums and quotients of decimals, \
         such as sum(a) / sum(b), for CAST(a AS DECIMAL(38, 9)), and take the rest outside"
    );
    PolarsError::SQLInterface(what.into())
}

fn unsupported(what: &str) -> PolarsError {
    PolarsError::SQLInterface(format!("{what} is not supported").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absolute_values_bound_every_partial_sum() {
        let most = 10i128.pow(38) - 1;
        assert!(fits([most].into_iter()) && fits([most - 1, -1].into_iter()));
        assert!(!fits([most, 1].into_iter()) && !fits([most, -1].into_iter()));
        // Three of them are more than 2^127, five more than 2^128.
        assert!(!fits([most; 3].into_iter()) && !fits([most; 5].into_iter()));
    }

    #[test]
    fn a_number_is_the_decimal_that_was_written() {
        let value = |float: f64| match lit(float) {
            Expr::Literal(value) => written(value).map(|v| v.to_any_value().map(|v| v.to_string())),
            _ => panic!("a literal"),
        };
        assert_eq!(value(0.1).unwrap().unwrap(), "0.1");
        assert_eq!(value(1234.000001).unwrap().unwrap(), "1234.000001");
        assert!(value(0.1 + 0.2).is_err());
        assert!(value(f64::INFINITY).is_err());
    }
}
