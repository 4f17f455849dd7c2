using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>Blocks that give a name to something, or do something to their text.</summary>
internal sealed partial class JinjaParser
{
    private static readonly string[] Extras = ["varargs", "kwargs", "caller"];

    private JinjaStatement Set()
    {
        var targets = Targets();
        var attribute = targets.Length == 1 && AcceptOperator(".") ? Name() : null;
        if (AcceptOperator("="))
        {
            var value = Tuple();
            EndBlock();
            return new JinjaStatement.Set(targets, attribute, value);
        }

        if (targets.Length != 1 || attribute is not null)
        {
            throw Wrong("{% set %} without '=' takes one name");
        }

        var filters = IsOperator("|") ? Filters(new JinjaExpression.Variable(JinjaStatement.Block)) : null;
        return new JinjaStatement.SetBlock(targets[0], filters, Block("endset"));
    }

    private JinjaStatement.Filtered Filtered()
    {
        var line = Now.Line;
        var name = Name();
        var arguments = AcceptOperator("(") ? Arguments() : JinjaCallArguments.None;
        var value = Filters(new JinjaExpression.Filter(new JinjaExpression.Variable(JinjaStatement.Block), name, arguments));
        return new JinjaStatement.Filtered(value, Block("endfilter"), line);
    }

    /// <summary>No template extends another here, so what is inside stands where it is.</summary>
    private JinjaStatement.With NamedBlock()
    {
        Name();
        EndBlock();
        var body = Body("endblock");
        Name();
        if (Now.Kind == JinjaTokenKind.Name)
        {
            Next();
        }

        EndBlock();
        return new JinjaStatement.With([], body);
    }

    private JinjaStatement.With With()
    {
        var names = ImmutableArray.CreateBuilder<(string, JinjaExpression)>();
        while (Now.Kind != JinjaTokenKind.BlockEnd)
        {
            if (names.Count > 0)
            {
                Operator(",");
            }

            var name = Name();
            Operator("=");
            names.Add((name, Expression()));
        }

        return new JinjaStatement.With(names.ToImmutable(), Block("endwith"));
    }

    private JinjaStatement.Macro Macro()
    {
        var name = Name();
        Operator("(");
        var parameters = Parameters();
        var start = _at;
        EndBlock();
        var body = Body("endmacro");
        var extras = ExtrasFrom(start);
        Name();
        if (Now.Kind == JinjaTokenKind.Name)
        {
            Next();
        }

        EndBlock();
        return new JinjaStatement.Macro(name, parameters, body, extras);
    }

    private JinjaStatement.CallBlock CallBlock()
    {
        var (line, start) = (Now.Line, _at);
        ImmutableArray<(string, JinjaExpression?)> parameters = AcceptOperator("(") ? Parameters() : [];
        var call = Expression() as JinjaExpression.Call ?? throw Wrong("{% call %} calls nothing; expected a macro with its arguments");
        var body = Block("endcall");
        return new JinjaStatement.CallBlock(call, new JinjaStatement.Macro("caller", parameters, body, ExtrasFrom(start)), line);
    }

    private ImmutableArray<(string Name, JinjaExpression? Default)> Parameters()
    {
        var parameters = ImmutableArray.CreateBuilder<(string, JinjaExpression?)>();
        while (!AcceptOperator(")"))
        {
            if (parameters.Count > 0)
            {
                Operator(",");
            }

            parameters.Add((Name(), AcceptOperator("=") ? Expression() : null));
        }

        return parameters.ToImmutable();
    }

    /// <summary>Which of the names that a macro takes further arguments by are read since a token.</summary>
    private ImmutableArray<string> ExtrasFrom(int start) =>
        [.. Extras.Where(e => _tokens[start.._at].Exists(t => t.Kind == JinjaTokenKind.Name && t.Value == e))];

    /// <summary>The rest of a block's head, its body, and its end.</summary>
    private ImmutableArray<JinjaStatement> Block(string end)
    {
        EndBlock();
        var body = Body(end);
        Name();
        EndBlock();
        return body;
    }
}
