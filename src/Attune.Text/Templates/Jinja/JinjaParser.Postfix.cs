using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>What follows a value: attributes, subscripts, calls, filters and tests.</summary>
internal sealed partial class JinjaParser
{
    private JinjaExpression Postfix(JinjaExpression value)
    {
        while (true)
        {
            if (AcceptOperator("."))
            {
                value =
                    Now.Kind == JinjaTokenKind.Whole
                        ? new JinjaExpression.Item(value, Primary())
                        : new JinjaExpression.Attribute(value, Name());
            }
            else if (AcceptOperator("["))
            {
                value = Subscript(value);
            }
            else if (AcceptOperator("("))
            {
                value = new JinjaExpression.Call(value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression Subscript(JinjaExpression value)
    {
        var start = IsOperator(":") ? null : Expression();
        if (AcceptOperator("]"))
        {
            return new JinjaExpression.Item(value, start!);
        }
        Operator(":");
        var stop = IsOperator(":") || IsOperator("]") ? null : Expression();
        var step = AcceptOperator(":") && !IsOperator("]") ? Expression() : null;
        Operator("]");
        return new JinjaExpression.Slice(value, start, stop, step);
    }

    private JinjaCallArguments Arguments()
    {
        var positional = ImmutableArray.CreateBuilder<JinjaExpression>();
        var named = ImmutableArray.CreateBuilder<(string, JinjaExpression)>();
        JinjaExpression? more = null,
            moreNamed = null;
        Items(
            ")",
            () =>
            {
                if (Now.Kind == JinjaTokenKind.Name && _tokens[_at + 1] is { Kind: JinjaTokenKind.Operator, Value: "=" })
                {
                    var name = Next().Value;
                    _at++;
                    named.Add((name, Expression()));
                }
                else if (more is null && AcceptOperator("*"))
                {
                    more = Expression();
                }
                else if (moreNamed is null && AcceptOperator("**"))
                {
                    moreNamed = Expression();
                }
                else if (named.Count > 0 || more is not null || moreNamed is not null)
                {
                    throw Wrong($"found {Shown()} after a named argument or a list of them; expected a name and '='");
                }
                else
                {
                    positional.Add(Expression());
                }
            }
        );
        return new JinjaCallArguments(positional.ToImmutable(), named.ToImmutable(), more, moreNamed);
    }

    private JinjaExpression Filters(JinjaExpression value)
    {
        while (true)
        {
            if (AcceptOperator("|"))
            {
                var name = Name();
                value = new JinjaExpression.Filter(value, name, AcceptOperator("(") ? Arguments() : JinjaCallArguments.None);
            }
            else if (Accept("is"))
            {
                value = Test(value);
            }
            else if (AcceptOperator("("))
            {
                value = new JinjaExpression.Call(value, Arguments());
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaExpression.Test Test(JinjaExpression value)
    {
        var negated = Accept("not");
        var name = Now is { Kind: JinjaTokenKind.Operator } && Comparisons.Contains(Now.Value) ? Next().Value : Name();
        var arguments = JinjaCallArguments.None;
        if (AcceptOperator("("))
        {
            arguments = Arguments();
        }
        else if (
            Now.Kind is JinjaTokenKind.Text or JinjaTokenKind.Whole or JinjaTokenKind.Number
            || IsOperator("[")
            || IsOperator("{")
            || (Now.Kind == JinjaTokenKind.Name && Now.Value is not ("else" or "or" or "and" or "is" or "if" or "not" or "in"))
        )
        {
            arguments = new JinjaCallArguments([Postfix(Primary())], []);
        }
        return new JinjaExpression.Test(value, name, arguments, negated);
    }
}
