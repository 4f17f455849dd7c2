namespace Attune.Text.Templates.Jinja;

/// <summary>Expressions.</summary>
internal sealed partial class JinjaInterpreter
{
    private object? Evaluate(JinjaExpression expression, JinjaScope scope)
    {
        _budget.Step();
        _budget.EnterExpression();
        var value = EvaluateInside(expression, scope);
        _budget.LeaveExpression();
        return value;
    }

    private object? EvaluateInside(JinjaExpression expression, JinjaScope scope)
    {
        switch (expression)
        {
            case JinjaExpression.Constant constant:
                return constant.Value;
            case JinjaExpression.Variable variable:
                return Named(variable.Name, scope);
            case JinjaExpression.ListOf list:
                return new JinjaList([.. list.Items.Select(i => Evaluate(i, scope))], list.IsTuple);
            case JinjaExpression.DictOf dict:
                return new JinjaDict([
                    .. dict.Items.Select(i => KeyValuePair.Create(Key(Evaluate(i.Key, scope)), Evaluate(i.Value, scope))),
                ]);
            case JinjaExpression.Attribute attribute:
                return JinjaMembers.Attribute(Evaluate(attribute.Of, scope), attribute.Name, _budget);
            case JinjaExpression.Item item:
                return JinjaMembers.Item(Evaluate(item.Of, scope), Evaluate(item.Key, scope), _budget);
            case JinjaExpression.Slice slice:
                return Slice(slice, scope);
            case JinjaExpression.Call call:
                return Call(call, scope);
            case JinjaExpression.Filter filter:
                return JinjaFilters.Apply(filter.Name, Evaluate(filter.Of, scope), Arguments(filter.Arguments, scope), _budget);
            case JinjaExpression.Test test:
                return JinjaTests.Holds(test.Name, Evaluate(test.Of, scope), Arguments(test.Arguments, scope)) != test.Negated;
            case JinjaExpression.Unary unary:
                return Unary(unary, scope);
            case JinjaExpression.Binary { Operator: "and" } both:
                return Evaluate(both.Left, scope) is var first && JinjaValues.Truth(first) ? Evaluate(both.Right, scope) : first;
            case JinjaExpression.Binary { Operator: "or" } either:
                return Evaluate(either.Left, scope) is var left && JinjaValues.Truth(left) ? left : Evaluate(either.Right, scope);
            case JinjaExpression.Binary binary:
                return JinjaArithmetic.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), _budget);
            case JinjaExpression.Comparison comparison:
                return Compare(comparison, scope);
            case JinjaExpression.Conditional choice:
                return Choose(choice, scope);
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static object? Named(string name, JinjaScope scope) =>
        scope.Find(name) is var found && found is JinjaUnknown
            ? throw new JinjaException($"'{name}' is Jinja's own and is not known here")
            : found;

    private object? Choose(JinjaExpression.Conditional choice, JinjaScope scope) =>
        JinjaValues.Truth(Evaluate(choice.Condition, scope)) ? Evaluate(choice.Then, scope)
        : choice.Otherwise is null ? new JinjaUndefined("the else of an if")
        : Evaluate(choice.Otherwise, scope);

    private static object Key(object? key) =>
        key is string or long or bool or double or JinjaList { IsTuple: true }
            ? key
            : throw new JinjaException($"{JinjaValues.TypeOf(key)} cannot be a key");

    private object? Unary(JinjaExpression.Unary unary, JinjaScope scope)
    {
        var value = Evaluate(unary.Of, scope);
        return (unary.Operator, value) switch
        {
            ("not", _) => !JinjaValues.Truth(value),
            ("truth", _) => JinjaValues.Truth(value),
            ("-", long number) => -number,
            ("-", double number) => -number,
            ("-", bool flag) => flag ? -1L : 0L,
            ("+", long or double) => value,
            _ => throw new JinjaException($"{unary.Operator} cannot be put before {JinjaValues.TypeOf(value)}"),
        };
    }

    private bool Compare(JinjaExpression.Comparison comparison, JinjaScope scope)
    {
        var left = Evaluate(comparison.First, scope);
        foreach (var (symbol, expression) in comparison.Rest)
        {
            var right = Evaluate(expression, scope);
            var holds = symbol switch
            {
                "==" => JinjaValues.Equals(left, right),
                "!=" => !JinjaValues.Equals(left, right),
                "<" => JinjaValues.Compare(left, right) < 0,
                "<=" => JinjaValues.Compare(left, right) <= 0,
                ">" => JinjaValues.Compare(left, right) > 0,
                ">=" => JinjaValues.Compare(left, right) >= 0,
                "in" => JinjaMembers.Contains(right, left, _budget),
                _ => !JinjaMembers.Contains(right, left, _budget),
            };
            if (!holds)
            {
                return false;
            }
            left = right;
        }

        return true;
    }

    private object? Slice(JinjaExpression.Slice slice, JinjaScope scope)
    {
        var value = Evaluate(slice.Of, scope);
        long? Bound(JinjaExpression? bound) =>
            bound is null
                ? null
                : Evaluate(bound, scope) switch
                {
                    null => null,
                    long number => number,
                    var other => throw new JinjaException($"{JinjaValues.TypeOf(other)} cannot bound a slice"),
                };
        var (start, stop, step) = (Bound(slice.Start), Bound(slice.Stop), Bound(slice.Step) ?? 1);
        return JinjaMembers.Sliced(value, start, stop, step, _budget);
    }
}
