// Compares two folders of runs bit for bit: every weight file by its hash, every figure of result.json and cell.json by its text.
// Times are left out. Exit code 1 where anything differs.
//   dotnet run studies/same-figures/compare.cs BEFORE AFTER
using System.Security.Cryptography;
using System.Text.Json;

if (args.Length != 2)
{
    Console.Error.WriteLine("Expected two folders: compare.cs BEFORE AFTER");
    return 2;
}

var (before, after) = (Facts(args[0]), Facts(args[1]));
var missing = before.Keys.Except(after.Keys).Order().ToArray();
var different = before.Where(f => after.TryGetValue(f.Key, out var other) && other != f.Value).Select(f => f.Key).Order().ToArray();
foreach (var name in missing)
{
    Console.WriteLine($"missing: {name}");
}

foreach (var name in different)
{
    Console.WriteLine($"differs: {name}: {before[name]} before, {after[name]} after");
}

var weights = before.Keys.Count(k => k.EndsWith(".safetensors", StringComparison.Ordinal));
var (figures, added) = (before.Count - weights, after.Keys.Except(before.Keys).Count());
Console.WriteLine(
    $"{weights} weight files and {figures} figures compared: {different.Length} differ, {missing.Length} are missing, {added} are new"
);
return missing.Length + different.Length == 0 ? 0 : 1;

// Names with what they stand for: a hash or a number's own text.
static SortedDictionary<string, string> Facts(string folder)
{
    var facts = new SortedDictionary<string, string>(StringComparer.Ordinal);
    foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
    {
        var name = Path.GetRelativePath(folder, file).Replace('\\', '/');
        if (name.EndsWith(".safetensors", StringComparison.Ordinal))
        {
            using var stream = File.OpenRead(file);
            facts[name] = Convert.ToHexString(SHA256.HashData(stream))[..16];
        }
        else if (Path.GetFileName(name) is "result.json" or "cell.json")
        {
            using var document = JsonDocument.Parse(File.ReadAllText(file));
            Add(facts, name, document.RootElement);
        }
    }

    return facts;
}

static void Add(SortedDictionary<string, string> facts, string name, JsonElement value)
{
    switch (value.ValueKind)
    {
        case JsonValueKind.Object:
            foreach (var property in value.EnumerateObject().Where(p => !IsTime(p.Name)))
            {
                Add(facts, $"{name}:{property.Name}", property.Value);
            }

            break;
        case JsonValueKind.Array:
            var index = 0;
            foreach (var item in value.EnumerateArray())
            {
                Add(facts, $"{name}[{index++}]", item);
            }

            break;
        case JsonValueKind.Number:
            facts[name] = value.GetRawText();
            break;
    }
}

static bool IsTime(string name) =>
    name.Contains("seconds", StringComparison.OrdinalIgnoreCase) || name.StartsWith("time/", StringComparison.Ordinal);
