using System.Diagnostics;
using System.Text;
using Attune.Testing;

namespace Attune.Cli.Tests;

/// <summary>
/// The build step that makes TorchSharp's wrapper loadable on systems whose libstdc++ lacks GLIBCXX_3.4.32 (docs/native-libraries.md),
/// on copies of the wrapper, with a libstdc++ that has the version and one that has not.
/// </summary>
public sealed class NativeRemedyTests : IDisposable
{
    private const string Version = "GLIBCXX_3.4.32";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Where_the_version_is_missing_one_flag_changes_in_the_copy_alone()
    {
        var original = File.ReadAllBytes(Wrapper());
        File.Copy(Wrapper(), _folder.File("linked-to.so"));
        Link(_folder.File("linked-to.so"), _folder.File("wrapper.so"));
        Weaken(systemHasVersion: false, "wrapper.so", "wrapper.so");

        var weakened = File.ReadAllBytes(_folder.File("wrapper.so"));
        Assert.Equal(original.Length, weakened.Length);
        var changed = Assert.Single(Enumerable.Range(0, original.Length), i => original[i] != weakened[i]);
        Assert.Equal(0x2, original[changed] ^ weakened[changed]);
        // The flag stands after the ELF hash of the version's name, in the entry of that version.
        Assert.Equal(ElfHash(Version), BitConverter.ToUInt32(weakened, changed - 4));

        // The package cache, which the output is a hard link to, stays as it is.
        Assert.Equal(original, File.ReadAllBytes(_folder.File("linked-to.so")));
        Assert.Equal(original, File.ReadAllBytes(Wrapper()));
    }

    [Fact]
    public void Where_the_version_is_there_nothing_changes()
    {
        File.Copy(Wrapper(), _folder.File("wrapper.so"));
        Weaken(systemHasVersion: true, "wrapper.so");
        Assert.Equal(File.ReadAllBytes(Wrapper()), File.ReadAllBytes(_folder.File("wrapper.so")));
    }

    [Fact]
    public void What_is_no_whole_library_is_left_alone()
    {
        var whole = File.ReadAllBytes(Wrapper());
        var files = new Dictionary<string, byte[]>
        {
            ["empty.so"] = [],
            ["text.so"] = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("This is no library. ", 10))),
            ["header.so"] = whole[..64],
            ["half.so"] = whole[..(whole.Length / 2)],
            ["short.so"] = whole[..^1],
            ["elsewhere.so"] = WithVersionNeedsAt(whole, 0x7fff_ffff_ffff),
            ["outside.so"] = WithVersionNeedsAt(whole, whole.Length - 4),
            ["negative.so"] = WithVersionNeedsAt(whole, -8),
        };
        foreach (var (name, content) in files)
        {
            File.WriteAllBytes(_folder.File(name), content);
        }

        Weaken(systemHasVersion: false, [.. files.Keys]);
        Assert.All(files, file => Assert.True(file.Value.AsSpan().SequenceEqual(File.ReadAllBytes(_folder.File(file.Key))), file.Key));
    }

    /// <summary>The wrapper as the package brings it.</summary>
    private static string Wrapper()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the remedy is for Linux");
        var packages =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        var path = Path.Combine(packages, "torchsharp", "0.107.0", "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        Assert.SkipUnless(File.Exists(path), "needs the TorchSharp package in the package cache");
        return path;
    }

    /// <summary>Runs the task as the build does, by importing the project's own targets.</summary>
    private void Weaken(bool systemHasVersion, params string[] libraries)
    {
        _folder.WriteText(
            "weaken.proj",
            $"""
            <Project>
              <Import Project="{Checkout.File("Directory.Build.targets")}" />
              <Target Name="Weaken">
                {string.Concat(libraries.Select(l => $"<WeakenLibstdcxx Library=\"{_folder.File(l)}\" />"))}
              </Target>
            </Project>
            """
        );
        var start = new ProcessStartInfo("dotnet", ["msbuild", "weaken.proj", "-t:Weaken", "-nologo", "-nodeReuse:false"])
        {
            WorkingDirectory = _folder.Path,
            RedirectStandardOutput = true,
            Environment = { ["LD_LIBRARY_PATH"] = SystemLibraries(systemHasVersion), ["MSBUILDDISABLENODEREUSE"] = "1" },
        };
        using var build = Process.Start(start)!;
        var output = build.StandardOutput.ReadToEnd();
        build.WaitForExit();
        Assert.True(build.ExitCode == 0, output);
    }

    /// <summary>A folder with this system's libstdc++, which dotnet itself needs too, made to name the version or not to.</summary>
    private string SystemLibraries(bool named)
    {
        string[] usual = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib", "/lib"];
        var path = usual.Select(f => Path.Combine(f, "libstdc++.so.6")).FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, "needs libstdc++ in a usual place");
        byte[] image = [.. File.ReadAllBytes(path), .. named ? Encoding.ASCII.GetBytes(Version) : []];
        int at;
        while (!named && (at = image.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Version))) >= 0)
        {
            image[at + Version.Length - 1] = (byte)'x';
        }

        var folder = Directory.CreateDirectory(_folder.File("libraries")).FullName;
        File.WriteAllBytes(Path.Combine(folder, "libstdc++.so.6"), image);
        return folder;
    }

    private static void Link(string target, string link)
    {
        using var process = Process.Start("ln", [target, link]);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }

    /// <summary>The image with another place for its section of needed versions.</summary>
    private static byte[] WithVersionNeedsAt(byte[] image, long place)
    {
        var changed = image.ToArray();
        var sections = BitConverter.ToInt64(image, 0x28);
        for (var i = 0; i < BitConverter.ToUInt16(image, 0x3C); i++)
        {
            var header = (int)sections + i * BitConverter.ToUInt16(image, 0x3A);
            if (BitConverter.ToInt32(image, header + 4) == 0x6ffffffe)
            {
                BitConverter.TryWriteBytes(changed.AsSpan(header + 0x18), place);
                return changed;
            }
        }

        throw new InvalidOperationException("the wrapper needs no versions");
    }

    /// <summary>The System V ABI's hash of a symbol's name.</summary>
    private static uint ElfHash(string name)
    {
        var hash = 0u;
        foreach (var letter in name)
        {
            hash = (hash << 4) + letter;
            var top = hash & 0xf0000000;
            hash = (hash ^ (top >> 24)) & ~top;
        }

        return hash;
    }
}
