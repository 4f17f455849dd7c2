using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Attune.Testing.Sources;

/// <summary>A C# file of a checkout, parsed.</summary>
public sealed class SourceFile
{
    private readonly Lazy<CompilationUnitSyntax> _syntax;

    internal SourceFile(string root, string file)
    {
        Path = System.IO.Path.GetRelativePath(root, file).Replace('\\', '/');
        Text = File.ReadAllText(file);
        _syntax = new(() => CSharpSyntaxTree.ParseText(Text).GetCompilationUnitRoot());
    }

    /// <summary>Relative to the checkout, with forward slashes: "src/Attune.Core/Runs/Seed.cs".</summary>
    public string Path { get; }

    /// <summary>"src/Attune.Core/Runs".</summary>
    public string Folder => Path[..Path.LastIndexOf('/')];

    /// <summary>"Attune.Core": the folder below src, tests or bench.</summary>
    public string Project => Path.Split('/')[1];

    public string Text { get; }

    public CompilationUnitSyntax Syntax => _syntax.Value;

    /// <summary>Null in a program of top-level statements.</summary>
    public string? Namespace => Syntax.DescendantNodes().OfType<BaseNamespaceDeclarationSyntax>().FirstOrDefault()?.Name.ToString();

    /// <summary>The namespace that the file's place asks for: "Attune.Core.Runs".</summary>
    public string ExpectedNamespace => string.Join('.', Folder.Split('/').Skip(1));

    public int LineCount => Text.Count(c => c == '\n') + (Text.EndsWith('\n') || Text.Length == 0 ? 0 : 1);

    /// <summary>Types that stand in no other type.</summary>
    public IEnumerable<MemberDeclarationSyntax> TopLevelTypes =>
        Syntax
            .DescendantNodes(n => n is CompilationUnitSyntax or BaseNamespaceDeclarationSyntax)
            .OfType<MemberDeclarationSyntax>()
            .Where(m => m is BaseTypeDeclarationSyntax or DelegateDeclarationSyntax);

    public override string ToString() => Path;

    internal int LineOf(SyntaxNode node) => Syntax.SyntaxTree.GetLineSpan(node.Span).StartLinePosition.Line + 1;

    /// <summary>Every C# file below these folders of a checkout, but generated ones and what a build leaves.</summary>
    public static IReadOnlyList<SourceFile> Below(string root, params IEnumerable<string> folders) =>
        [
            .. folders
                .Select(f => System.IO.Path.Combine(root, f))
                .Where(Directory.Exists)
                .SelectMany(f => Directory.GetFiles(f, "*.cs", SearchOption.AllDirectories))
                .Select(f => f.Replace('\\', '/'))
                .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal))
                .Where(f => !f.Contains("/Migrations/", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)
                .Select(f => new SourceFile(root, f)),
        ];
}
