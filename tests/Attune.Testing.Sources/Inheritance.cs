using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Attune.Testing.Sources;

/// <summary>How deep classes and records inherit from one another.</summary>
public static class Inheritance
{
    /// <returns>For each class or record, the chain from it to the topmost base declared in these files: itself first.</returns>
    public static IEnumerable<IReadOnlyList<string>> Chains(IEnumerable<SourceFile> files)
    {
        var bases = files
            .SelectMany(f => f.Syntax.DescendantNodes().OfType<TypeDeclarationSyntax>())
            .Where(t => t is ClassDeclarationSyntax or RecordDeclarationSyntax)
            .GroupBy(t => t.Identifier.Text)
            .ToDictionary(g => g.Key, g => g.Select(BaseOf).FirstOrDefault(b => b is not null));
        return bases.Keys.Select(name => ChainOf(name, bases));
    }

    private static List<string> ChainOf(string name, Dictionary<string, string?> bases)
    {
        List<string> chain = [name];
        while (bases[chain[^1]] is { } above && bases.ContainsKey(above) && !chain.Contains(above))
        {
            chain.Add(above);
        }

        return chain;
    }

    private static string? BaseOf(TypeDeclarationSyntax type) =>
        type.BaseList?.Types[0].Type switch
        {
            GenericNameSyntax generic => generic.Identifier.Text,
            SimpleNameSyntax simple => simple.Identifier.Text,
            QualifiedNameSyntax qualified => qualified.Right.Identifier.Text,
            _ => null,
        };
}
