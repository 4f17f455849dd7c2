using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Attune.Testing.Sources;

/// <summary>Which folder of an assembly refers to types of which other.</summary>
/// <remarks>
/// Names are resolved by syntax alone, as a reader would: a type of that name in an enclosing namespace or in one that the file uses.
/// Extension methods count as references to the class that holds them, where no other method of the assembly has their name.
/// </remarks>
public sealed class FolderGraph
{
    private readonly ILookup<string, (string Namespace, SourceFile File)> _types;
    private readonly Dictionary<string, SourceFile> _extensions;
    private readonly SortedDictionary<(string From, string To), SortedSet<string>> _references = [];

    public FolderGraph(IReadOnlyCollection<SourceFile> files)
    {
        _types = files
            .SelectMany(f => f.TopLevelTypes.Select(t => (Name: NameOf(t), Namespace: f.Namespace ?? "", File: f)))
            .ToLookup(t => t.Name, t => (t.Namespace, t.File));
        _extensions = Extensions(files);
        foreach (var file in files)
        {
            foreach (var (target, name) in ReferencesOf(file).Distinct())
            {
                var edge = (file.Folder, target.Folder);
                if (file.Folder != target.Folder)
                {
                    (_references.TryGetValue(edge, out var names) ? names : _references[edge] = new(StringComparer.Ordinal)).Add(
                        $"{Path.GetFileName(file.Path)} -> {name}"
                    );
                }
            }
        }
    }

    /// <summary>The references that stand in a circle of folders, with the files and types that make them: none is wanted.</summary>
    public IEnumerable<string> Circular =>
        _references.Where(r => Reaches(r.Key.To, r.Key.From)).Select(r => $"{r.Key.From} -> {r.Key.To}: {string.Join(", ", r.Value)}");

    /// <summary>How many groups of folders refer to each other in circles.</summary>
    public int CircleCount =>
        _references
            .Keys.Select(r => r.From)
            .Distinct()
            .Where(f => Reaches(f, f))
            .Select(f => _references.Keys.Select(r => r.From).Where(g => Reaches(f, g) && Reaches(g, f)).Min(StringComparer.Ordinal))
            .Distinct()
            .Count();

    private bool Reaches(string from, string to)
    {
        var (seen, open) = (new HashSet<string>(), new Stack<string>([from]));
        while (open.TryPop(out var folder))
        {
            foreach (var next in _references.Keys.Where(r => r.From == folder).Select(r => r.To).Where(seen.Add))
            {
                open.Push(next);
            }
        }

        return seen.Contains(to);
    }

    private IEnumerable<(SourceFile Target, string Name)> ReferencesOf(SourceFile file)
    {
        var own = file.Syntax.DescendantNodes().Select(DeclaredName).OfType<string>().ToHashSet();
        var usings = file.Syntax.DescendantNodes().OfType<UsingDirectiveSyntax>().Select(u => u.Name?.ToString() ?? "").ToHashSet();
        var nodes = file.Syntax.DescendantNodes(n => n is not UsingDirectiveSyntax).OfType<SimpleNameSyntax>();
        foreach (var node in nodes.Where(n => !IsLabel(n)))
        {
            var name = node.Identifier.Text;
            var qualifier = QualifierOf(node);
            if (qualifier is null && own.Contains(name) && !SyntaxFacts.IsInTypeOnlyContext(node))
            {
                continue; // a member or local of that name
            }

            foreach (var target in qualifier is null ? Visible(file, usings, name) : Qualified(qualifier, name))
            {
                yield return (target, name);
            }

            // An extension counts where its namespace is in use: many a property has the same name.
            if (qualifier is not null && _extensions.TryGetValue(name, out var holder) && Sees(file, usings, holder.Namespace ?? ""))
            {
                yield return (holder, name);
            }
        }
    }

    private static bool Sees(SourceFile file, HashSet<string> usings, string space) =>
        usings.Contains(space) || $"{file.Namespace}.".StartsWith($"{space}.", StringComparison.Ordinal);

    /// <summary>The nearest enclosing namespace that has the type decides; then those that are used.</summary>
    private IEnumerable<SourceFile> Visible(SourceFile file, HashSet<string> usings, string name)
    {
        var place = file.Namespace ?? "";
        var candidates = _types[name].ToArray();
        var enclosing = candidates
            .Where(c => place == c.Namespace || place.StartsWith(c.Namespace + ".", StringComparison.Ordinal))
            .OrderByDescending(c => c.Namespace.Length)
            .ToArray();
        return enclosing.Length > 0
            ? enclosing.Where(c => c.Namespace == enclosing[0].Namespace).Select(c => c.File)
            : candidates.Where(c => usings.Contains(c.Namespace)).Select(c => c.File);
    }

    private IEnumerable<SourceFile> Qualified(string qualifier, string name) =>
        _types[name]
            .Where(c => c.Namespace == qualifier || c.Namespace.EndsWith("." + qualifier, StringComparison.Ordinal))
            .Select(c => c.File);

    /// <summary>What stands before the dot; null where there is none.</summary>
    private static string? QualifierOf(SimpleNameSyntax node) =>
        node.Parent switch
        {
            MemberAccessExpressionSyntax access when access.Name == node => access.Expression.ToString(),
            QualifiedNameSyntax qualified when qualified.Right == node => qualified.Left.ToString(),
            MemberBindingExpressionSyntax => "?",
            _ => null,
        };

    /// <summary>The name of an argument, or of a member that an initialiser sets.</summary>
    private static bool IsLabel(SimpleNameSyntax node) =>
        node.Parent is NameColonSyntax or NameEqualsSyntax
        || node.Parent is AssignmentExpressionSyntax { Parent: InitializerExpressionSyntax } set && set.Left == node;

    private static string? DeclaredName(SyntaxNode node) =>
        node switch
        {
            PropertyDeclarationSyntax property => property.Identifier.Text,
            MethodDeclarationSyntax method => method.Identifier.Text,
            ParameterSyntax parameter => parameter.Identifier.Text,
            VariableDeclaratorSyntax variable => variable.Identifier.Text,
            EnumMemberDeclarationSyntax member => member.Identifier.Text,
            BaseTypeDeclarationSyntax { Parent: TypeDeclarationSyntax } nested => nested.Identifier.Text,
            _ => null,
        };

    private static string NameOf(MemberDeclarationSyntax type) =>
        type is BaseTypeDeclarationSyntax declared ? declared.Identifier.Text : ((DelegateDeclarationSyntax)type).Identifier.Text;

    private static Dictionary<string, SourceFile> Extensions(IEnumerable<SourceFile> files)
    {
        var methods = files
            .SelectMany(f => f.Syntax.DescendantNodes().OfType<MethodDeclarationSyntax>().Select(m => (Method: m, File: f)))
            .ToLookup(m => m.Method.Identifier.Text);
        return methods
            .Where(g => g.All(m => m.Method.ParameterList.Parameters.FirstOrDefault()?.Modifiers.Any(SyntaxKind.ThisKeyword) == true))
            .Where(g => g.Select(m => m.File).Distinct().Count() == 1)
            .ToDictionary(g => g.Key, g => g.First().File);
    }
}
