using System.Text;

namespace Attune.Web.Rendering.Tex;

/// <summary>Environments of rows and columns: matrices, cases, aligned equations.</summary>
internal static class TexTables
{
    /// <summary>Columns in turn to the right and to the left, as equations are aligned.</summary>
    public const string Aligned = "aligned";

    public static string Environment(TexParser parser)
    {
        var name = parser.Lexer.Raw();
        var places = name switch
        {
            "array" => new string([.. parser.Lexer.Raw().Where(c => c is 'l' or 'c' or 'r')]),
            "alignedat" or "alignat" or "alignat*" => Skip(parser),
            "cases" or "rcases" or "dcases" => "ll",
            "align" or "align*" or "aligned" or "split" or "eqnarray" or "eqnarray*" => Aligned,
            "gather" or "gather*" or "gathered" or "equation" or "equation*" or "multline" or "multline*" or "smallmatrix" => "",
            "matrix" or "pmatrix" or "bmatrix" or "Bmatrix" or "vmatrix" or "Vmatrix" => "",
            _ => throw new TexException($"the environment {name} is not known here."),
        };
        var table = Table(Rows(parser, TexKind.Command), places);
        if (parser.Lexer.Next() is not { Kind: TexKind.Command, Text: "end" } || parser.Lexer.Raw() != name)
        {
            throw new TexException($"\\begin{{{name}}} has no \\end{{{name}}}.");
        }
        var (left, right) = name switch
        {
            "pmatrix" => ("(", ")"),
            "bmatrix" => ("[", "]"),
            "Bmatrix" => ("{", "}"),
            "vmatrix" => ("|", "|"),
            "Vmatrix" => ("‖", "‖"),
            "cases" or "dcases" => ("{", ""),
            "rcases" => ("", "}"),
            _ => ("", ""),
        };
        return $"<mrow>{Fence(left)}{table}{Fence(right)}</mrow>";
    }

    /// <summary>The cells of a table, up to a token of the kind, which is not taken.</summary>
    public static List<List<string>> Rows(TexParser parser, TexKind end)
    {
        var rows = new List<List<string>> { new() };
        while (true)
        {
            while (parser.Lexer.Peek() is { Kind: TexKind.Command, Text: "hline" })
            {
                parser.Lexer.Next();
            }
            rows[^1].Add(parser.Row());
            var token = parser.Lexer.Peek();
            switch (token.Kind)
            {
                case TexKind.Column:
                    parser.Lexer.Next();
                    break;
                case TexKind.Row:
                    parser.Lexer.Next();
                    rows.Add([]);
                    break;
                default:
                    if (token.Kind != end || token is { Kind: TexKind.Command, Text: not "end" })
                    {
                        throw new TexException(
                            token.Kind == TexKind.End
                                ? "it ends before its environment does: \\end is missing."
                                : $"'{token.Text}' stands where the formula should go on."
                        );
                    }
                    // A row that was opened and has nothing is the break after the last one.
                    if (rows.Count > 1 && rows[^1] is ["<mrow></mrow>"])
                    {
                        rows.RemoveAt(rows.Count - 1);
                    }
                    return rows;
            }
        }
    }

    public static string Table(List<List<string>> rows, string places)
    {
        var table = new StringBuilder(places == Aligned ? "<mtable displaystyle=\"true\">" : "<mtable>");
        foreach (var row in rows)
        {
            table.Append("<mtr>");
            foreach (var (i, cell) in row.Index())
            {
                table.Append(Side(places, i) is { } side ? $"<mtd class=\"{side}\">" : "<mtd>").Append(cell).Append("</mtd>");
            }
            table.Append("</mtr>");
        }
        return table.Append("</mtable>").ToString();
    }

    private static string? Side(string places, int column) =>
        places == Aligned ? (column % 2 == 0 ? "right" : "left")
        : column >= places.Length ? null
        : places[column] switch
        {
            'l' => "left",
            'r' => "right",
            _ => null,
        };

    private static string Skip(TexParser parser)
    {
        parser.Lexer.Raw();
        return Aligned;
    }

    private static string Fence(string mark) => mark.Length == 0 ? "" : $"<mo fence=\"true\" stretchy=\"true\">{mark}</mo>";
}
