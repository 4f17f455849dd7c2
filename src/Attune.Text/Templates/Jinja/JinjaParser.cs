using System.Collections.Immutable;

namespace Attune.Text.Templates.Jinja;

/// <summary>Reads a template: the statements that chat templates use.</summary>
internal sealed partial class JinjaParser
{
    private const int DeepestNesting = 60;
    private readonly List<JinjaToken> _tokens;
    private int _at;
    private int _depth;

    private JinjaParser(List<JinjaToken> tokens) => _tokens = tokens;

    public static ImmutableArray<JinjaStatement> Read(string source)
    {
        var parser = new JinjaParser(JinjaLexer.Read(source));
        var body = parser.Body();
        return parser.Now.Kind == JinjaTokenKind.End ? body : throw parser.Wrong($"'{parser.Now.Value}' belongs to no block");
    }

    private JinjaToken Now => _tokens[_at];

    /// <summary>Statements up to a block whose name is one of those; its name is the current word then.</summary>
    private ImmutableArray<JinjaStatement> Body(params ReadOnlySpan<string> until)
    {
        Deeper();
        var body = ImmutableArray.CreateBuilder<JinjaStatement>();
        while (Now.Kind != JinjaTokenKind.End)
        {
            switch (Now.Kind)
            {
                case JinjaTokenKind.Data:
                    body.Add(new JinjaStatement.Write(Next().Value));
                    break;
                case JinjaTokenKind.VariableBegin:
                    var line = Next().Line;
                    body.Add(new JinjaStatement.Print(Tuple(), line));
                    Expect(JinjaTokenKind.VariableEnd, "}}");
                    break;
                default:
                    Expect(JinjaTokenKind.BlockBegin, "{%");
                    if (Now.Kind == JinjaTokenKind.Name && until.Contains(Now.Value))
                    {
                        _depth--;
                        return body.ToImmutable();
                    }

                    body.Add(Statement());
                    break;
            }
        }

        _depth--;
        return until.IsEmpty ? body.ToImmutable() : throw Wrong($"the template ends where {{% {until[^1]} %}} was expected");
    }

    private JinjaStatement Statement()
    {
        var name = Name();
        return name switch
        {
            "if" => If(),
            "for" => For(),
            "set" => Set(),
            "macro" => Macro(),
            "call" => CallBlock(),
            "filter" => Filtered(),
            "with" => With(),
            "block" => NamedBlock(),
            "generation" => Generation(),
            "break" => Ended(new JinjaStatement.Break()),
            "continue" => Ended(new JinjaStatement.Continue()),
            "include" or "import" or "from" or "extends" => throw Wrong(
                $"the block {{% {name} %}} takes in another template, but a chat template stands alone, in transformers too; write what it "
                    + "needs into it"
            ),
            _ => throw Wrong(
                $"the block {{% {name} %}} is not known; expected if, for, set, macro, call, filter, with, block, "
                    + "generation, break or continue"
            ),
        };
    }

    private JinjaStatement.If If()
    {
        var branches = ImmutableArray.CreateBuilder<(JinjaExpression, ImmutableArray<JinjaStatement>)>();
        ImmutableArray<JinjaStatement> otherwise = [];
        var word = "elif";
        while (word == "elif")
        {
            var condition = Expression();
            EndBlock();
            branches.Add((condition, Body("elif", "else", "endif")));
            word = Name();
        }

        if (word == "else")
        {
            EndBlock();
            otherwise = Body("endif");
            Name();
        }

        EndBlock();
        return new JinjaStatement.If(branches.ToImmutable(), otherwise);
    }

    private JinjaStatement.For For()
    {
        var targets = Targets();
        Word("in");
        var items = TupleWithoutCondition();
        var filter = Accept("if") ? Expression() : null;
        var recursive = Accept("recursive");
        EndBlock();
        var body = Body("else", "endfor");
        ImmutableArray<JinjaStatement> otherwise = [];
        if (Name() == "else")
        {
            EndBlock();
            otherwise = Body("endfor");
            Name();
        }

        EndBlock();
        return new JinjaStatement.For(targets, items, filter, body, otherwise, recursive);
    }

    private JinjaStatement.Generation Generation() => new(Block("endgeneration"));

    private JinjaStatement Ended(JinjaStatement statement)
    {
        EndBlock();
        return statement;
    }

    private ImmutableArray<string> Targets()
    {
        var wrapped = AcceptOperator("(");
        var names = ImmutableArray.CreateBuilder<string>();
        do
        {
            names.Add(Name());
        } while (AcceptOperator(","));
        if (wrapped)
        {
            Operator(")");
        }
        return names.ToImmutable();
    }

    private void EndBlock() => Expect(JinjaTokenKind.BlockEnd, "%}");

    private JinjaToken Next() => _tokens[_at++];

    private string Name() => Now.Kind == JinjaTokenKind.Name ? Next().Value : throw Wrong($"found {Shown()} where a name was expected");

    private void Word(string word)
    {
        if (!Accept(word))
        {
            throw Wrong($"found {Shown()} where '{word}' was expected");
        }
    }

    private bool Accept(string word)
    {
        if (Now.Kind != JinjaTokenKind.Name || Now.Value != word)
        {
            return false;
        }
        _at++;
        return true;
    }

    private bool IsOperator(string symbol) => Now.Kind == JinjaTokenKind.Operator && Now.Value == symbol;

    private bool AcceptOperator(string symbol)
    {
        if (!IsOperator(symbol))
        {
            return false;
        }
        _at++;
        return true;
    }

    private void Operator(string symbol)
    {
        if (!AcceptOperator(symbol))
        {
            throw Wrong($"found {Shown()} where '{symbol}' was expected");
        }
    }

    private void Expect(JinjaTokenKind kind, string shown)
    {
        if (Now.Kind != kind)
        {
            throw Wrong($"found {Shown()} where {shown} was expected");
        }
        _at++;
    }

    private void Deeper()
    {
        if (++_depth > DeepestNesting)
        {
            throw Wrong($"blocks or expressions are nested deeper than {DeepestNesting}");
        }
    }

    private string Shown() =>
        Now.Kind switch
        {
            JinjaTokenKind.End => "the template's end",
            JinjaTokenKind.Data => "text",
            JinjaTokenKind.BlockEnd => "%}",
            JinjaTokenKind.VariableEnd => "}}",
            _ => $"'{(Now.Value.Length > 40 ? Now.Value[..40] + "..." : Now.Value)}'",
        };

    private JinjaException Wrong(string what) => new($"line {Now.Line}: {what}.");
}
