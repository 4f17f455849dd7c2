using Attune.Testing;
using Attune.Testing.Sources;

namespace Attune.Cli.Tests.Architecture;

/// <summary>Folders of an assembly refer to each other in one direction, so that each can be read without the ones above it.</summary>
public sealed class FolderCircleTests
{
    public static TheoryData<string> Assemblies => [.. Sources.Product.Select(f => f.Project).Distinct()];

    [Theory]
    [MemberData(nameof(Assemblies))]
    public void Folders_do_not_refer_to_each_other_in_circles(string assembly)
    {
        var graph = new FolderGraph([.. Sources.Product.Where(f => f.Project == assembly)]);
        Assert.Empty(graph.Circular);
    }

    [Fact]
    public void A_circle_is_found_with_the_names_that_make_it()
    {
        using var folder = new TemporaryFolder();
        Write(folder, "src/House/Roof.cs", "namespace House; public class Roof { private House.Walls.Brick _brick; }");
        Write(folder, "src/House/Walls/Brick.cs", "namespace House.Walls; public class Brick { Roof Above(Stone s) => s.Roof; }");
        Write(folder, "src/House/Stones/Stone.cs", "namespace House.Stones; public class Stone { public int Roof => 0; }");
        var graph = new FolderGraph([.. SourceFile.Below(folder.Path, "src")]);
        Assert.Equal(1, graph.CircleCount);
        Assert.Equal(["src/House -> src/House/Walls: Roof.cs -> Brick", "src/House/Walls -> src/House: Brick.cs -> Roof"], graph.Circular);
    }

    private static void Write(TemporaryFolder folder, string path, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(path))!);
        folder.WriteText(path, text);
    }
}
