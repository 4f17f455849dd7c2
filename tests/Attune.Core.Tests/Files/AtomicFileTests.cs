using System.Text;
using Attune.Core.Files;
using Attune.Testing;

namespace Attune.Core.Tests.Files;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_new_file_comes_with_the_folders_it_needs()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a/b/c.txt");
        AtomicFile.WriteText(path, "grüße");
        Assert.Equal(Encoding.UTF8.GetBytes("grüße"), File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path, "*", SearchOption.AllDirectories));
    }

    [Fact]
    public void A_write_that_fails_midway_leaves_the_old_file_and_nothing_else()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("state.txt", "old");
        var problem = Assert.Throws<AttuneException>(() =>
            AtomicFile.Write(
                path,
                stream =>
                {
                    stream.Write("half of the new"u8);
                    stream.Flush();
                    throw new IOException("No space left on device");
                }
            )
        );
        Assert.Contains("No space left on device", problem.Message, StringComparison.Ordinal);
        Assert.Contains(path, problem.Message, StringComparison.Ordinal);
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Equal([path], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void Readers_see_the_old_file_until_the_new_one_is_whole()
    {
        using var folder = new TemporaryFolder();
        var path = folder.WriteText("state.txt", "old");
        AtomicFile.Write(
            path,
            stream =>
            {
                stream.Write("new"u8);
                stream.Flush();
                Assert.Equal("old", File.ReadAllText(path));
            }
        );
        Assert.Equal("new", File.ReadAllText(path));
    }

    [Fact]
    public void A_path_that_is_a_folder_is_refused_with_its_name()
    {
        using var folder = new TemporaryFolder();
        var path = Directory.CreateDirectory(folder.File("taken")).FullName;
        Assert.Contains(path, Assert.Throws<AttuneException>(() => AtomicFile.WriteText(path, "x")).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
