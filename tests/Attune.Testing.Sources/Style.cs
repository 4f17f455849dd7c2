using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Attune.Testing.Sources;

/// <summary>A place that breaks a rule, and by how much.</summary>
/// <param name="Place">Path and line, or path and method.</param>
public sealed record Finding(string Place, int Size)
{
    public override string ToString() => $"{Place}: {Size}";
}

/// <summary>The rules of layout that the compiler and .editorconfig do not check.</summary>
public static class Style
{
    public const int MostColumns = 140;
    public const int MostMethodLines = 40;
    public const int MostFileLines = 300;

    /// <summary>Lines of more than 140 columns.</summary>
    /// <param name="rawStringsCount">False leaves out lines of raw string literals, which are a test's data.</param>
    public static IEnumerable<Finding> LongLines(SourceFile file, bool rawStringsCount)
    {
        var lines = file.Syntax.SyntaxTree.GetText().Lines;
        var data = rawStringsCount ? [] : RawStringLines(file);
        return lines
            .Where(l => l.Span.Length > MostColumns && !data.Contains(l.LineNumber))
            .Select(l => new Finding($"{file}:{l.LineNumber + 1}", l.Span.Length));
    }

    /// <summary>Lines between the braces of each method, constructor, accessor and local function.</summary>
    public static IEnumerable<Finding> MethodLengths(SourceFile file) =>
        from member in file.Syntax.DescendantNodes()
        let body = BodyOf(member)
        where body is not null
        let span = body.SyntaxTree.GetLineSpan(body.Span)
        let braces = body is BlockSyntax ? 2 : 0
        select new Finding($"{file} {NameOf(member)}", span.EndLinePosition.Line - span.StartLinePosition.Line + 1 - braces);

    /// <summary>Statements below if, else, loops, using, lock and fixed that have no braces.</summary>
    public static IEnumerable<Finding> MissingBraces(SourceFile file) =>
        from statement in file.Syntax.DescendantNodes().OfType<StatementSyntax>()
        where statement is not BlockSyntax && NeedsBraces(statement)
        select new Finding($"{file}:{file.LineOf(statement)}", 1);

    private static bool NeedsBraces(StatementSyntax statement) =>
        statement.Parent switch
        {
            ElseClauseSyntax => statement is not IfStatementSyntax,
            UsingStatementSyntax => statement is not UsingStatementSyntax,
            FixedStatementSyntax => statement is not FixedStatementSyntax,
            IfStatementSyntax or ForStatementSyntax or CommonForEachStatementSyntax or WhileStatementSyntax => true,
            DoStatementSyntax or LockStatementSyntax => true,
            _ => false,
        };

    private static SyntaxNode? BodyOf(SyntaxNode member) =>
        member switch
        {
            BaseMethodDeclarationSyntax method => (SyntaxNode?)method.Body ?? method.ExpressionBody,
            AccessorDeclarationSyntax accessor => (SyntaxNode?)accessor.Body ?? accessor.ExpressionBody,
            LocalFunctionStatementSyntax function => (SyntaxNode?)function.Body ?? function.ExpressionBody,
            _ => null,
        };

    private static string NameOf(SyntaxNode member) =>
        member switch
        {
            MethodDeclarationSyntax method => method.Identifier.Text,
            LocalFunctionStatementSyntax function => function.Identifier.Text,
            ConstructorDeclarationSyntax constructor => constructor.Identifier.Text,
            AccessorDeclarationSyntax { Parent.Parent: PropertyDeclarationSyntax property } => property.Identifier.Text,
            _ => member.Kind().ToString(),
        };

    private static HashSet<int> RawStringLines(SourceFile file)
    {
        var literals = file.Syntax.DescendantNodes().Where(n => n is LiteralExpressionSyntax or InterpolatedStringExpressionSyntax);
        return
        [
            .. literals
                .Where(n => n.GetFirstToken().Text.TrimStart('$').StartsWith("\"\"\"", StringComparison.Ordinal))
                .Select(n => n.SyntaxTree.GetLineSpan(n.Span))
                .SelectMany(s => Enumerable.Range(s.StartLinePosition.Line, s.EndLinePosition.Line - s.StartLinePosition.Line + 1)),
        ];
    }
}
