#:project ../tests/Attune.Testing.Sources
// Prints the counts of docs/log.md for a checkout of this or an earlier commit:
//   dotnet run build/counts.cs [CHECKOUT] [-- --circles]
using Attune.Testing.Sources;
using Microsoft.CodeAnalysis.CSharp;

var root = args.FirstOrDefault(a => !a.StartsWith('-')) ?? ".";
var product = SourceFile.Below(root, "src");
var tests = SourceFile.Below(root, "tests");

Print("files in src", product.Count);
Print("lines in src", product.Sum(f => f.LineCount));
Print("lines over 140 columns in src", product.Sum(f => Style.LongLines(f, rawStringsCount: true).Count()));
Print("lines over 140 columns in tests (but raw strings)", tests.Sum(f => Style.LongLines(f, rawStringsCount: false).Count()));

var methods = product.SelectMany(Style.MethodLengths).OrderByDescending(m => m.Size).ToArray();
Print("longest method, lines", $"{methods[0].Size} ({methods[0].Place})");
Print("methods over 40 lines", methods.Count(m => m.Size > Style.MostMethodLines));
var files = product.OrderByDescending(f => f.LineCount).ToArray();
Print("longest file, lines", $"{files[0].LineCount} ({files[0]})");
Print("files over 300 lines", files.Count(f => f.LineCount > Style.MostFileLines));
Print("statements without braces", product.Sum(f => Style.MissingBraces(f).Count()));
Print("namespaces that are not their folder", product.Count(f => f.Namespace is { } given && given != f.ExpectedNamespace));

var graphs = product.GroupBy(f => f.Project).Select(g => (Assembly: g.Key, Graph: new FolderGraph([.. g]))).ToArray();
Print("assemblies", graphs.Length);
Print("assemblies with folder circles", graphs.Count(g => g.Graph.CircleCount > 0));
Print("folder circles", graphs.Sum(g => g.Graph.CircleCount));

// Options and stages are what a recipe is made of; the rest of src has bases of its own.
var chains = Inheritance.Chains(product).ToArray();
Print("deepest inheritance of stages and options", Deepest(chains.Where(c => c.Any(IsRecipePart))));
Print("deepest inheritance of all", Deepest(chains));

// A method or a reward is spread over the files that name it: SimPO and the lexicon stand for all.
Print("source files that name SimPO", Naming("SimPo"));
Print("source files that name the lexicon reward", Naming("Lexicon"));

foreach (var journey in Directory.GetFiles(Journeys()).Order(StringComparer.Ordinal))
{
    var paths = File.ReadLines(journey).Where(l => l.Length > 0 && l[0] != '#').Select(l => Path.Combine(root, l.Trim())).ToArray();
    if (paths.All(File.Exists))
    {
        // Lines depend on the formatter; words, numbers and signs of C# do not.
        var lines = paths.Sum(p => File.ReadLines(p).Count());
        var tokens = paths.Where(p => p.EndsWith(".cs", StringComparison.Ordinal)).Sum(p => TokensOf(p));
        Print(
            $"to follow a {Path.GetFileNameWithoutExtension(journey).Split('@')[0]}",
            $"{paths.Length} files, {lines} lines, {tokens} tokens of C#"
        );
    }
}

if (args.Contains("--circles"))
{
    foreach (var reference in graphs.SelectMany(g => g.Graph.Circular))
    {
        Console.WriteLine(reference);
    }
}

static void Print(string what, object value) => Console.WriteLine($"{what}: {value}");

static bool IsRecipePart(string name) =>
    name.EndsWith("Stage", StringComparison.Ordinal) || name.EndsWith("Options", StringComparison.Ordinal);

static string Deepest(IEnumerable<IReadOnlyList<string>> chains) =>
    chains.MaxBy(c => c.Count) is { } chain ? $"{chain.Count} ({string.Join(" < ", chain)})" : "0";

string Naming(string word)
{
    var naming = product.Where(f => f.Syntax.DescendantTokens().Any(t => t.Text.Contains(word, StringComparison.Ordinal))).ToArray();
    return $"{naming.Length} ({string.Join(", ", naming.Select(f => Path.GetFileName(f.Path)))})";
}

static int TokensOf(string path) => CSharpSyntaxTree.ParseText(File.ReadAllText(path)).GetRoot().DescendantTokens().Count();

static string Journeys() => Path.Combine(Path.GetDirectoryName(SourcePath())!, "journeys");

static string SourcePath([System.Runtime.CompilerServices.CallerFilePath] string path = "") => path;
