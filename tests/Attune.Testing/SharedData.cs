using Xunit;

namespace Attune.Testing;

/// <summary>
/// Real data and a small trained model that lie beside the checkout, in ../shared/data, and are not part of the project.
/// Tests that need them skip, saying so, where the folder is absent.
/// </summary>
public static class SharedData
{
    private static readonly string? Root = Find();

    /// <summary>The path of a file or folder in the shared data; skips the running test where it is absent.</summary>
    public static string Require(string relative)
    {
        var path = Root is null ? null : Path.Combine(Root, relative);
        Assert.SkipUnless(path is not null && Path.Exists(path), $"needs ../shared/data/{relative}, which is not here");
        return path!;
    }

    private static string? Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Attune.slnx")))
            {
                var shared = Path.Combine(folder.FullName, "..", "shared", "data");
                return Directory.Exists(shared) ? Path.GetFullPath(shared) : null;
            }
        }

        return null;
    }
}
