package main

import (
	"fmt"
	"strings"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1alpha2"
)

type options struct {
	quiet, all, force bool
	output, name      string
	args              []string
}

var commands = map[string]func(client, options) error{
	"info":     info,
	"version":  version,
	"images":   images,
	"inspecti": each(inspectImage),
	"pull":     each(pull),
	"rmi":      removeImages,
	"pods":     pods,
	"stopp":    each(stopPod),
	"rmp":      each(removePod),
	"ps":       containers,
	"inspect":  each(inspect),
	"stop":     each(stop),
	"rm":       each(remove),
}

func each(one func(client, options, string) error) func(client, options) error {
	return func(c client, o options) error {
		if len(o.args) == 0 {
			return fmt.Errorf("an identifier is missing")
		}
		for _, id := range o.args {
			if err := one(c, o, id); err != nil {
				return fmt.Errorf("%s: %w", id, err)
			}
		}
		return nil
	}
}

func info(c client, _ options) error {
	answer, err := c.runtime.Status(c, &cri.StatusRequest{})
	if err != nil {
		return err
	}
	return printJSON(answer)
}

func version(c client, _ options) error {
	answer, err := c.runtime.Version(c, &cri.VersionRequest{})
	if err != nil {
		return err
	}
	fmt.Printf("Version:  %s\nRuntimeName:  %s\nRuntimeVersion:  %s\nRuntimeApiVersion:  %s\n",
		answer.Version, answer.RuntimeName, answer.RuntimeVersion, answer.RuntimeApiVersion)
	return nil
}

func images(c client, o options) error {
	answer, err := c.images.ListImages(c, &cri.ListImagesRequest{})
	if err != nil {
		return err
	}
	if o.output == "json" {
		return printJSON(answer)
	}
	for _, image := range answer.Images {
		if o.quiet {
			fmt.Println(image.Id)
		} else {
			fmt.Printf("%s\t%s\t%d\n", strings.Join(append(image.RepoTags, image.RepoDigests...), " "), image.Id, image.Size_)
		}
	}
	return nil
}

func inspectImage(c client, o options, name string) error {
	answer, err := c.images.ImageStatus(c, &cri.ImageStatusRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return err
	}
	if answer.Image == nil {
		return fmt.Errorf("no such image present")
	}
	return printJSON(answer)
}

func pull(c client, _ options, name string) error {
	answer, err := c.images.PullImage(c, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: name}})
	if err != nil {
		return err
	}
	fmt.Printf("Image is up to date for %s\n", answer.ImageRef)
	return nil
}

func removeImages(c client, o options) error {
	if o.all {
		answer, err := c.images.ListImages(c, &cri.ListImagesRequest{})
		if err != nil {
			return err
		}
		for _, image := range answer.Images {
			o.args = append(o.args, image.Id)
		}
	}
	for _, name := range o.args {
		if _, err := c.images.RemoveImage(c, &cri.RemoveImageRequest{Image: &cri.ImageSpec{Image: name}}); err != nil {
			return err
		}
	}
	return nil
}

func pods(c client, o options) error {
	answer, err := c.runtime.ListPodSandbox(c, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	if o.output == "json" {
		return printJSON(answer)
	}
	for _, pod := range answer.Items {
		switch {
		case !strings.Contains(pod.Metadata.Name, o.name):
		case o.quiet:
			fmt.Println(pod.Id)
		default:
			fmt.Printf("%.13s\t%s\t%s\t%s\n", pod.Id, pod.State, pod.Metadata.Namespace, pod.Metadata.Name)
		}
	}
	return nil
}

func stopPod(c client, _ options, id string) error {
	_, err := c.runtime.StopPodSandbox(c, &cri.StopPodSandboxRequest{PodSandboxId: id})
	if err == nil {
		fmt.Println("Stopped sandbox", id)
	}
	return err
}

func removePod(c client, o options, id string) error {
	if o.force {
		if err := stopPod(c, o, id); err != nil {
			return err
		}
	}
	_, err := c.runtime.RemovePodSandbox(c, &cri.RemovePodSandboxRequest{PodSandboxId: id})
	if err == nil {
		fmt.Println("Removed sandbox", id)
	}
	return err
}

func containers(c client, o options) error {
	request := &cri.ListContainersRequest{}
	if !o.all {
		running := cri.ContainerState_CONTAINER_RUNNING
		request.Filter = &cri.ContainerFilter{State: &cri.ContainerStateValue{State: running}}
	}
	answer, err := c.runtime.ListContainers(c, request)
	if err != nil {
		return err
	}
	if o.output == "json" {
		return printJSON(answer)
	}
	for _, container := range answer.Containers {
		switch {
		case !strings.Contains(container.Metadata.Name, o.name):
		case o.quiet:
			fmt.Println(container.Id)
		default:
			age := time.Since(time.Unix(0, container.CreatedAt)).Round(time.Second)
			fmt.Printf("%.13s\t%s\t%s\t%s\t%.13s\n", container.Id, age, container.State, container.Metadata.Name, container.PodSandboxId)
		}
	}
	return nil
}

func inspect(c client, _ options, id string) error {
	answer, err := c.runtime.ContainerStatus(c, &cri.ContainerStatusRequest{ContainerId: id, Verbose: true})
	if err != nil {
		return err
	}
	return printJSON(answer)
}

func stop(c client, _ options, id string) error {
	_, err := c.runtime.StopContainer(c, &cri.StopContainerRequest{ContainerId: id, Timeout: 10})
	return err
}

func remove(c client, o options, id string) error {
	if o.force {
		if err := stop(c, o, id); err != nil {
			return err
		}
	}
	_, err := c.runtime.RemoveContainer(c, &cri.RemoveContainerRequest{ContainerId: id})
	return err
}
